// SPDX-License-Identifier: Apache-2.0
// What a web service does that has been taken over: everything a script of its page can try against the dashboard. What it reaches is in
// window.report, a line each; the test wants none. apps.py puts the app's base path for BASE.
const report = [];
const secret = /csrf|"modules":|"services":|"lines":|"values":|<h1>|event: |"generation"/;

async function reads(path, options = {}) {
    try {
        const answer = await fetch(path, { credentials: 'include', ...options });
        const text = answer.body ? await first(answer.body) : '';
        if (answer.ok && secret.test(text)) report.push(`read ${path}: ${text.slice(0, 80)}`);
        return { status: answer.status, text };
    } catch {
        return { status: 0, text: '' };
    }
}

// The first piece is enough: an event stream has no end.
async function first(body) {
    const reader = body.getReader();
    const late = new Promise((done) => setTimeout(() => done({ value: undefined }), 800));
    const { value } = await Promise.race([reader.read(), late]);
    reader.cancel().catch(() => {});
    return value ? new TextDecoder().decode(value) : '';
}

async function writes(path, body, headers) {
    try {
        const answer = await fetch(path, { method: 'POST', credentials: 'include', body, headers });
        if (answer.ok || answer.redirected) report.push(`wrote ${path}: ${answer.status} ${(await answer.text()).slice(0, 80)}`);
    } catch {
        // refused on the way
    }
}

async function frame() {
    try {
        const seen = frames.inside.document;
        if (seen && /modules/i.test(seen.body.textContent)) report.push(`framed: ${seen.body.textContent.slice(0, 80)}`);
    } catch {
        // of another origin, or blocked
    }
}

async function popup() {
    const opened = open('/_/modules');
    if (!opened) return;
    for (let i = 0; i < 10; i++) {
        await new Promise((done) => setTimeout(done, 100));
        try {
            const text = opened.document.body.textContent;
            if (/modules|services/i.test(text)) return void report.push(`a window: ${text.slice(0, 80)}`);
        } catch {
            return;
        }
    }
}

function events() {
    return new Promise((done) => {
        try {
            const source = new EventSource('/_/events?topics=services,modules,logs');
            source.addEventListener('hello', () => report.push('the event stream says hello'));
            source.onmessage = (m) => report.push(`an event: ${m.data.slice(0, 80)}`);
            setTimeout(() => { source.close(); done(); }, 800);
        } catch {
            done();
        }
    });
}

async function workers() {
    for (const scope of ['/', '/_/', '/services']) {
        try {
            await navigator.serviceWorker.register('BASE/worker.js', { scope });
            report.push(`a service worker at ${scope}`);
        } catch {
            // refused
        }
    }
}

// What tabs of the dashboard tell each other; and something that they should not believe.
function channels() {
    return new Promise((done) => {
        try {
            for (const name of ['microhost', 'microhost.live', 'microhost.session']) {
                const channel = new BroadcastChannel(name);
                channel.onmessage = ({ data }) => data?.type && report.push(`${name} says ${JSON.stringify(data).slice(0, 80)}`);
                const row = { name: 'go.micro.srv.forged', versions: ['6'], nodes: 6, endpoints: 6, state: 'alive' };
                channel.postMessage({ from: 'me', wants: ['services', 'modules', 'logs'] });
                channel.postMessage({ type: 'services', data: { revision: 1e9, full: true, services: [row] } });
            }
        } catch {
            // an opaque origin
        }
        setTimeout(done, 3000);
    });
}

function storage() {
    for (const name of ['localStorage', 'sessionStorage']) {
        try {
            const keys = Object.keys(window[name]).filter((k) => /token|csrf|session|log/i.test(k));
            if (keys.length) report.push(`${name} has ${keys.join(', ').slice(0, 80)}`);
        } catch {
            // an opaque origin
        }
    }
}

async function attack() {
    try {
        if (/microhost|csrf/i.test(document.cookie)) report.push(`cookie: ${document.cookie}`);
    } catch {
        // sandboxed
    }
    storage();
    const listening = channels();
    const pages = [];
    const session = await reads('/_/api/session');
    await reads('/_/api/session', { mode: 'no-cors' });
    for (const api of ['services', 'modules', 'config', 'sources', 'logs', 'traffic?ring=seconds']) await reads(`/_/api/${api}`);
    for (const page of ['/', '/services', '/services?plain', '/registry', '/_/modules', '/_/modules?plain', '/_/commands', '/_/overview']) await reads(page);
    await reads('/registry', { headers: { 'Content-Type': 'application/json' } });
    await reads('/_/events?topics=services,modules,logs', { headers: { Accept: 'text/event-stream' } });
    const tokens = ['', 'x'];
    for (const path of ['/services', '/_/modules', '/_/login', '/_/ui/index.html']) pages.push((await reads(path, { headers: { Accept: 'text/html' } })).text);
    for (const text of [session.text, ...pages]) {
        const found = /csrf"?\s*(?::|content=)\s*"([\w.-]{8,})"/i.exec(text);
        if (found) tokens.push(found[1]);
    }
    if (tokens.length > 2) report.push(`a token: ${tokens[2]}`);
    for (const token of tokens) {
        const headers = { 'Content-Type': 'application/json', 'X-Microhost-CSRF': token };
        await writes('/_/commands/modules/reload', '{"args":{"id":"limit"}}', headers);
        await writes('/rpc', '{"service":"go.micro.srv.greeter","endpoint":"Say.Hello","request":{}}', headers);
        await writes('/_/modules/reload', 'id=limit', { 'Content-Type': 'application/x-www-form-urlencoded', 'X-Microhost-CSRF': token });
        await writes('/_/api/logout', '{}', headers);
    }
    await writes('/_/modules/reload', new URLSearchParams({ id: 'limit' }), {});
    await fetch('BASE/forge', { credentials: 'include' }).catch(() => {});
    try {
        for (const path of ['/', '/_/', '/_/api']) document.cookie = `microhost=forged; path=${path}`;
    } catch {
        // sandboxed
    }
    await events();
    await workers();
    await frame();
    await popup();
    await listening;
    window.report = report;
}

attack();
