// SPDX-License-Identifier: Apache-2.0
// Everything that a page asks of the server goes through here.
import { store } from './store.js';

export const session = store(null);

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

/// The answer, whatever its status. Throws a Problem when there is none.
export async function send(path, { method = 'GET', headers = {}, body, signal } = {}) {
    const token = session.get()?.csrf;
    const all = new Headers(headers);
    if (method !== 'GET' && token) all.set('X-Microhost-CSRF', token);
    try {
        const response = await fetch(path, { method, headers: all, body, signal, cache: 'no-store', credentials: 'same-origin' });
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

export async function logIn(user, password) {
    session.set(await post('/_/api/login', { user, password }));
}

export async function logOut() {
    await post('/_/api/logout');
    await refreshSession();
}

const ranks = ['nobody', 'viewer', 'operator', 'admin'];

export const hasRole = (who, role) => ranks.indexOf(who?.role ?? 'nobody') >= ranks.indexOf(role);
