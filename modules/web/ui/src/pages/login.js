// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';
import { logIn, session } from '../api.js';
import { html } from '../html.js';
import { useStore } from '../store.js';

const words = {
    401: 'User or password is wrong.',
    403: 'No users are set up on this server.',
    429: 'Too many tries. Wait a little.',
};

/// Where the log-in leads: a path of this server.
function nextOf(search) {
    const next = new URLSearchParams(search).get('next') ?? '/';
    return /^\/(?![/\\])/.test(next) ? next : '/';
}

/// Where somebody else lets people in.
function elsewhere(url, path) {
    const to = path === '/_/login' ? nextOf(location.search) : location.pathname + location.search;
    return `${url}${url.includes('?') ? '&' : '?'}redirect_to=${encodeURIComponent(to)}`;
}

export function Login({ path }) {
    const who = useStore(session);
    const [user, setUser] = useState('');
    const [password, setPassword] = useState('');
    const [state, set] = useState({});
    useEffect(() => {
        document.title = 'Log in · microhost';
    }, []);
    const submit = async (event) => {
        event.preventDefault();
        set({ busy: true });
        try {
            await logIn(user, password, path === '/_/login' ? nextOf(location.search) : location.href);
        } catch (problem) {
            setPassword('');
            set({ problem: problem.status === 403 && problem.message ? problem.message : (words[problem.status] ?? problem.message) });
        }
    };
    return html`<main class="login"><form class="panel" onSubmit=${submit} aria-label="Log in">
        <div class="brand"><svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="7" /><path d="M8 23V11.5l8 7 8-7V23" /></svg><span>microhost<small>${who.instance}</small></span></div>
        <h1>Log in</h1>
        ${who.login_url && !(who.login && path === '/_/login') ? html`
            <p>You are not logged in, or not any more.</p>
            <a class="button main" href=${elsewhere(who.login_url, path)}>Log in</a>`
        : who.login ? html`
            <label class="field"><span>User</span><input name="username" autocomplete="username" autofocus required value=${user} onInput=${(e) => setUser(e.target.value)} /></label>
            <label class="field"><span>Password</span><input name="password" type="password" autocomplete="current-password" required value=${password} onInput=${(e) => setPassword(e.target.value)} /></label>
            <div role="alert">${state.problem && html`<p class="bad-text">${state.problem}</p>`}</div>
            <button class="main" disabled=${state.busy}>${state.busy ? 'Asking …' : 'Log in'}</button>
            <p class="dim">An administrator makes users with <code>microhost passwd</code>.</p>`
        : html`<p>This server knows nobody who comes this way, and has no users: <code>microhost passwd</code> makes one. With a token: <code>Authorization: Bearer</code>.</p>`}
    </form></main>`;
}
