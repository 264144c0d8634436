// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';
import { session } from '../api.js';
import { html } from '../html.js';
import { useStore } from '../store.js';
import { JsonButton } from '../widgets/json_button.js';
import { Copy, Page, Section } from '../widgets/parts.js';

const apis = [
    ['/_/api/services', 'every service with its state'],
    ['/_/api/services/NAME', 'versions, nodes, endpoints with schema'],
    ['/_/api/sources', 'where services are looked for'],
    ['/_/api/modules', 'what is loaded, with its manifest and cost'],
    ['/_/api/config', 'the configuration, and where each value came from'],
    ['/_/api/traffic?ring=seconds', 'what passed, in rings of 5 minutes and an hour'],
    ['/_/api/logs?level=warn', 'the last lines of the log'],
    ['/_/commands', 'the commands that the console runs'],
    ['/_/events?topics=services,traffic', 'all of it as it changes, as server-sent events'],
];

export function About() {
    const who = useStore(session);
    const [licences, set] = useState([]);
    useEffect(() => void import('licences').then((m) => set(m.default), () => {}), []);
    return html`<${Page} title="About">
        <p>microhost ${who.version}, instance <code>${who.instance}</code>. Apache-2.0.</p>
        <${Section} title="Everything here is JSON" note="these pages ask for nothing else">
            <div class="scroll-x" tabindex="0" role="region" aria-label="Table"><table class="data apis"><caption class="sr">APIs</caption><tbody>${apis.map(([path, what]) => html`<tr key=${path}><td class="mono">${path.includes('NAME') || path.includes('events') ? path : html`<${JsonButton} path=${path} cls="link api-path">${path}</${JsonButton}>`}</td><td class="dim">${what}</td><td class="num"><${Copy} text=${`curl -sS '${location.origin}${path}'`} label="Copy curl" /></td></tr>`)}</tbody></table></div>
        </${Section}>
        <${Section} title="Libraries in these pages">${licences.map((l) => html`<details class="endpoint panel" key=${l.name}><summary><code>${l.name} ${l.version}</code><span class="dim">${l.license}</span></summary><pre class="licence">${l.text}</pre></details>`)}</${Section}>
    </${Page}>`;
}
