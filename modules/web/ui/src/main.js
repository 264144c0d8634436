// SPDX-License-Identifier: Apache-2.0
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { refreshSession, session } from './api.js';
import { html } from './html.js';
import { overlay, startKeys } from './keys.js';
import { on, startLive } from './live.js';
import { Help, Palette } from './palette.js';
import { About } from './pages/about.js';
import { Apps } from './pages/apps.js';
import { Client } from './pages/client.js';
import { Config } from './pages/config.js';
import { Console } from './pages/console.js';
import { Login } from './pages/login.js';
import { Logs } from './pages/logs.js';
import { Missing } from './pages/missing.js';
import { Module } from './pages/module.js';
import { Modules } from './pages/modules.js';
import { Contributed } from './pages/contributed.js';
import { Overview } from './pages/overview.js';
import { Service } from './pages/service.js';
import { Services } from './pages/services.js';
import { Traffic } from './pages/traffic.js';
import { route, startRouter } from './router.js';
import { Shell } from './shell.js';
import { useStore } from './store.js';

const pages = { overview: Overview, services: Services, service: Service, client: Client, traffic: Traffic, modules: Modules, module: Module, config: Config, logs: Logs, console: Console, apps: Apps, about: About, contributed: Contributed };

/// Until it is known who asks. A server that does not answer is asked again.
function Starting() {
    const [problem, set] = useState('');
    useEffect(() => {
        let timer = null;
        const again = () => refreshSession().catch((p) => (set(p.message), (timer = setTimeout(again, 2000))));
        again();
        return () => clearTimeout(timer);
    }, []);
    return problem && html`<main class="login"><div class="panel"><h1>microhost</h1><p role="alert">${problem}. Trying again …</p></div></main>`;
}

function App() {
    const now = useStore(route);
    const who = useStore(session);
    const over = useStore(overlay);
    if (!who) return html`<${Starting} />`;
    if (who.role === 'nobody' || now.page === 'login') return html`<${Login} path=${now.path} />`;
    const Current = pages[now.page] ?? Missing;
    return html`<${Shell} route=${now}><${Current} key=${now.path} ...${now} /></${Shell}>
        ${over === 'palette' && html`<${Palette} />`}${over === 'help' && html`<${Help} />`}`;
}

on('restart', () => refreshSession().catch(() => {}));
route.watch(() => overlay.get() && overlay.set(''));
startRouter();
startKeys();
startLive();
render(html`<${App} />`, document.getElementById('app'));
