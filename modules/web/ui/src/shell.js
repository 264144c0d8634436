// SPDX-License-Identifier: Apache-2.0
// What is around every page: navigation, who is here, the bar that says that nothing comes any more.
import { useEffect, useRef, useState } from 'preact/hooks';
import { logOut, session } from './api.js';
import { usePages } from './data/pages.js';
import { span } from './format.js';
import { html } from './html.js';
import { overlay, places } from './keys.js';
import { connection, tryNow } from './live.js';
import { setTheme, theme, themes } from './look.js';
import { useStore } from './store.js';
import { useTick } from './widgets/parts.js';

const sections = { overview: '/', services: '/services', service: '/services', client: '/services', traffic: '/_/traffic', modules: '/_/modules', module: '/_/modules', config: '/_/config', logs: '/_/logs', console: '/_/console', apps: '/_/apps' };

const Theme = () => html`<label class="theme"><span class="sr">Colours</span>
    <select value=${useStore(theme)} onChange=${(e) => setTheme(e.target.value)}>${themes.map(([k, t]) => html`<option key=${k} value=${k}>${t}</option>`)}</select>
</label>`;

// ---- the bar

const patience = 1200; // a reload of the module is over before that

function LostBar() {
    const { state, since } = useStore(connection);
    useTick(500);
    const shown = state === 'lost' && Date.now() - since > patience;
    return html`<div class="lost" role="status">${shown && html`<div><strong>Connection lost</strong><span>What you see is ${span(Date.now() - since)} old. Trying again …</span><button class="small" onClick=${tryNow}>Try now</button></div>`}</div>`;
}

const words = { open: 'Live', connecting: 'Connecting', lost: 'Not connected', idle: 'Idle' };

function Live() {
    const { state } = useStore(connection);
    return html`<span class="live" data-state=${state}>${words[state]}</span>`;
}

// ---- who

function Who({ who }) {
    const [failed, fail] = useState('');
    const leave = () => logOut().catch((problem) => fail(problem.message));
    return html`<div class="who"><span class="who-name" title=${`${who.subject}, ${who.role}`}>${who.subject}<span class="dim">${who.role}</span></span>
        ${who.session && html`<button class="small" onClick=${leave}>Log out</button>`}${failed && html`<span role="alert">${failed}</span>`}</div>`;
}

function Nav({ page, path: shown }) {
    const here = sections[page];
    const more = usePages() ?? [];
    const nav = useRef(null);
    useEffect(() => {
        // narrow windows have it in one line that scrolls
        const current = nav.current.querySelector('[aria-current]');
        if (current) nav.current.scrollLeft = current.offsetLeft - (nav.current.clientWidth - current.clientWidth) / 2;
    }, [shown, more.length]);
    return html`<nav ref=${nav} aria-label="Pages">${places.map(([key, title, path]) => html`<a key=${path} href=${path} aria-current=${path === here ? 'page' : undefined} aria-keyshortcuts=${`g ${key}`}>${title}<kbd aria-hidden="true">g ${key}</kbd></a>`)}
        ${more.map((p) => html`<a key=${p.href} href=${p.href} title=${`of the module ${p.module}`} aria-current=${p.href === shown ? 'page' : undefined}>${p.title}</a>`)}</nav>`;
}

export function Shell({ route, children }) {
    const who = useStore(session);
    useEffect(() => {
        // unless the page has put it somewhere already
        const main = document.getElementById('main');
        if (!main.contains(document.activeElement)) main.querySelector('h1')?.focus({ preventScroll: true });
    }, [route.path]);
    return html`<div class="shell">
        <a class="skip" href="#main">To the content</a>
        <header class="side">
            <a class="brand" href="/"><svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="7" /><path d="M8 23V11.5l8 7 8-7V23" /></svg><span>microhost<small>${who.instance}</small></span></a>
            <button class="search" onClick=${() => overlay.set('palette')}><span>Go to …</span><kbd>Ctrl K</kbd></button>
            <${Nav} page=${route.page} path=${route.path} />
            <div class="side-foot">
                <${Who} who=${who} />
                <div class="side-row"><${Live} /><${Theme} /></div>
                <div class="side-row dim"><a href="/_/about">microhost ${who.version}</a><button class="link" aria-label="Keys and help" onClick=${() => overlay.set('help')}>Keys <kbd>?</kbd></button></div>
            </div>
        </header>
        <div class="content"><${LostBar} /><main id="main" tabindex="-1">${children}</main></div>
    </div>`;
}
