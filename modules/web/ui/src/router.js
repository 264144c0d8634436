// SPDX-License-Identifier: Apache-2.0
// Which page the address says. Links are plain <a href>: a click on one that leads to a page of ours stays in this document.
import { store } from './store.js';

/// [pattern, page]; `:name` is one element of the path. The server has the same list.
const pages = [
    ['/', 'overview'],
    ['/_/overview', 'overview'],
    ['/services', 'services'],
    ['/registry', 'services'],
    ['/service/:name', 'service'],
    ['/client', 'client'],
    ['/terminal', 'console'],
    ['/_/console', 'console'],
    ['/_/traffic', 'traffic'],
    ['/_/modules', 'modules'],
    ['/_/modules/:id', 'module'],
    ['/_/config', 'config'],
    ['/_/pages/:id/:number', 'contributed'],
    ['/_/logs', 'logs'],
    ['/_/apps', 'apps'],
    ['/_/about', 'about'],
    ['/_/login', 'login'],
];

export function match(path) {
    const parts = path.replace(/(.)\/$/, '$1').split('/');
    for (const [pattern, page] of pages) {
        const wanted = pattern.split('/');
        if (wanted.length !== parts.length) continue;
        const params = {};
        if (wanted.every((w, i) => (w.startsWith(':') ? keep(params, w.slice(1), parts[i]) : w === parts[i]))) return { page, params };
    }
    return null;
}

function keep(params, name, text) {
    try {
        params[name] = decodeURIComponent(text);
        return text !== '';
    } catch {
        return false;
    }
}

function read() {
    const found = match(location.pathname) ?? { page: 'missing', params: {} };
    const query = new URLSearchParams(location.search);
    if (found.page === 'services' && query.get('service')) {
        found.page = 'service';
        found.params = { name: query.get('service') };
    }
    return { ...found, path: location.pathname, query };
}

export const route = store(read());

export function go(to, { replace = false } = {}) {
    const target = new URL(to, location.href);
    if (!match(target.pathname)) return void location.assign(target);
    if (!replace) history.replaceState({ ...history.state, scroll: scrollY }, '');
    history[replace ? 'replaceState' : 'pushState'](replace ? history.state : {}, '', target);
    const moved = target.pathname !== route.get().path;
    route.set(read());
    if (moved && !replace) scrollTo(0, 0);
}

/// Changes words of the query without a new entry in the history: what was typed into a filter.
export function setQuery(changes) {
    const query = new URLSearchParams(location.search);
    for (const [key, value] of Object.entries(changes)) {
        if (value === null || value === undefined || value === '') query.delete(key);
        else query.set(key, value);
    }
    const text = query.toString();
    if (text !== location.search.slice(1)) go(location.pathname + (text ? `?${text}` : ''), { replace: true });
}

export const servicePath = (name) => `/service/${encodeURIComponent(name)}`;
export const modulePath = (id) => `/_/modules/${encodeURIComponent(id)}`;

function onClick(event) {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest?.('a[href]');
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (link.hash && link.pathname === location.pathname) return;
    if (!match(link.pathname) || new URLSearchParams(link.search).has('plain')) return;
    event.preventDefault();
    go(link.href);
}

export function startRouter() {
    history.scrollRestoration = 'manual';
    addEventListener('click', onClick);
    addEventListener('popstate', (event) => {
        route.set(read());
        requestAnimationFrame(() => requestAnimationFrame(() => scrollTo(0, event.state?.scroll ?? 0)));
    });
}
