// SPDX-License-Identifier: Apache-2.0
// Web services: what is registered below the namespace is reached under its own name.
import { session } from '../api.js';
import { useServices } from '../data/services.js';
import { html } from '../html.js';
import { servicePath } from '../router.js';
import { useStore } from '../store.js';
import { Badge, Page } from '../widgets/parts.js';

export function useApps() {
    const { rows } = useServices();
    const who = useStore(session);
    const under = who.namespace ? `${who.namespace}.` : '';
    return rows.filter((r) => under && r.name.startsWith(under)).map((r) => ({ ...r, short: r.name.slice(under.length), href: `${(who.apps_url ?? '').replace(/\/$/, '')}/${encodeURIComponent(r.name.slice(under.length))}/` }));
}

export function AppList({ apps }) {
    const who = useStore(session);
    if (!apps.length) return html`<div class="empty"><p>No web service is registered. One named <code>${who.namespace}.NAME</code> is reached at <code>/NAME/</code>.</p></div>`;
    return html`<ul class="apps">${apps.map((a) => html`<li key=${a.name} class="panel"><a data-row class="app" href=${a.href} rel="noreferrer"><span class="app-letter" aria-hidden="true">${a.short.slice(0, 1).toUpperCase()}</span><span class="app-name">${a.short}</span></a>
        <span class="app-foot"><a class="dim" href=${servicePath(a.name)}>${a.nodes} ${a.nodes === 1 ? 'node' : 'nodes'}</a>${a.state !== 'alive' && html`<${Badge} state=${a.state} />`}</span></li>`)}</ul>`;
}

export function Apps() {
    const apps = useApps();
    const who = useStore(session);
    return html`<${Page} title="Apps">
        <p class="summary">Web services below <code>${who.namespace}</code>, each under its own name${who.apps_url ? html`, on an origin of their own: <code>${who.apps_url}</code>` : ''}.</p>
        <${AppList} apps=${apps} />
    </${Page}>`;
}
