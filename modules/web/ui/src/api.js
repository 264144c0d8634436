// SPDX-License-Identifier: Apache-2.0
// Everything that a page asks of the server goes through here.
import { store } from './store.js';

export const session = store(null);

/// Tells this page from the scripts of web services that share its origin: only a window's document bears it. Changes with the session.
export const pageToken = document.querySelector('meta[name=microhost-token]')?.content ?? '';

/// What the server, or the way to it, had against a request. status 0: it did not answer.
export class Problem extends Error {
    constructor(status, detail, id = '') {
        super(detail);
        this.status = status;
        this.id = id;
    }
}

export async function problemOf(response) {
    const requestId = response.headers.get('x-request-id') ?? '';
    let detail = `${response.status} ${response.statusText}`.trim();
    try {
        const body = await response.json();
        detail = body.detail || body.error || detail;
    } catch {
        // not JSON: the status has to do
    }
    return new Problem(response.status, detail, requestId);
}

/// The process, or the session, is another one than when this page was loaded. Not again and again, should that not help.
function loadAnew() {
    const last = Number(sessionStorage.getItem('microhost.loaded') ?? 0);
    if (Date.now() - last < 10_000) return;
    sessionStorage.setItem('microhost.loaded', String(Date.now()));
    location.reload();
}

/// The answer, whatever its status. Throws a Problem when there is none.
export async function send(path, { method = 'GET', headers = {}, body, signal } = {}) {
    const all = new Headers(headers);
    if (pageToken) all.set('X-Microhost-CSRF', pageToken);
    try {
        const response = await fetch(path, { method, headers: all, body, signal, cache: 'no-store', credentials: 'same-origin' });
        if (response.status === 403 && response.headers.get('X-Microhost-Page') === 'old') loadAnew();
        if (response.status === 401 && path !== '/_/api/login') await refreshSession();
        return response;
    } catch (error) {
        if (error.name === 'AbortError') throw error;
        throw new Problem(0, 'the server does not answer');
    }
}

export async function ask(path, options) {
    const response = await send(path, { ...options, headers: { Accept: 'application/json', ...options?.headers } });
    if (!response.ok) throw await problemOf(response);
    try {
        return await response.json();
    } catch {
        throw new Problem(response.status, `${path} did not answer with JSON`);
    }
}

export const post = (path, value) =>
    ask(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value ?? {}) });

// ---- who asks

let refreshing = null;

export function refreshSession() {
    refreshing ??= ask('/_/api/session')
        .then((s) => (session.set(s), s))
        .finally(() => (refreshing = null));
    return refreshing;
}

/// Both load the page anew: it gets another token.
export async function logIn(user, password, next) {
    await post('/_/api/login', { user, password });
    location.replace(next);
}

export async function logOut() {
    await post('/_/api/logout');
    location.replace('/_/login');
}

const ranks = ['nobody', 'viewer', 'operator', 'admin'];

export const hasRole = (who, role) => ranks.indexOf(who?.role ?? 'nobody') >= ranks.indexOf(role);
