// SPDX-License-Identifier: Apache-2.0
import { render } from 'preact';
import { refreshSession, session } from './api.js';
import { html } from './html.js';
import { startKeys } from './keys.js';
import { startLive } from './live.js';
import { Missing } from './pages/missing.js';
import { Services } from './pages/services.js';
import { route, startRouter } from './router.js';
import { Shell } from './shell.js';
import { useStore } from './store.js';

const pages = { services: Services };

function App() {
    const now = useStore(route);
    const who = useStore(session);
    if (!who) return null;
    const Current = pages[now.page] ?? Missing;
    return html`<${Shell} route=${now}><${Current} key=${now.path} ...${now} /></${Shell}>`;
}

startRouter();
startKeys();
startLive();
refreshSession().catch((problem) => console.warn(problem.message));
render(html`<${App} />`, document.getElementById('app'));
