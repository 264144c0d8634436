// SPDX-License-Identifier: Apache-2.0
// One stream of events for all tabs of a browser. Visible tabs compete for a lock; who has it holds the stream and passes on what comes over a
// BroadcastChannel. A tab that is hidden gives the lock back: with none visible there is no stream. Without locks (plain HTTP from another
// machine) each tab has a stream of its own.
import { useEffect } from 'preact/hooks';
import { pageToken, refreshSession, session } from './api.js';
import { store } from './store.js';

const types = ['hello', 'services', 'traffic', 'modules', 'logs', 'resync'];
// Without a token the channel's name would be known to every script of the origin.
const shared = Boolean(pageToken && navigator.locks && globalThis.BroadcastChannel);
const me = [...crypto.getRandomValues(new Uint8Array(8))].map((b) => b.toString(16)).join('');
const channel = shared ? new BroadcastChannel(`microhost.live.${pageToken}`) : null;

/// {state: 'idle' | 'connecting' | 'open' | 'lost', since}
export const connection = store({ state: 'idle', since: Date.now() });

const handlers = new Map();
const interest = new Map();
const othersWant = new Map();
let leading = false;
let source = null;
let streaming = '';
let retry = null;
let failures = 0;
let giveUp = null;
let boot = null;

export function on(type, fn) {
    if (!handlers.has(type)) handlers.set(type, new Set());
    handlers.get(type).add(fn);
}

export const wants = (topic) => (interest.get(topic) ?? 0) > 0;

/// Says, while a component is there, that it wants these topics.
export function useTopics(...topics) {
    useEffect(() => {
        for (const t of topics) interest.set(t, (interest.get(t) ?? 0) + 1);
        interestChanged();
        return () => {
            for (const t of topics) interest.set(t, interest.get(t) - 1);
            interestChanged();
        };
    }, topics);
}

function deliver(type, data) {
    if (type === 'hello') {
        if (boot !== null && boot !== data.boot) dispatch('restart', data);
        boot = data.boot;
    }
    dispatch(type, data);
}

function dispatch(type, data) {
    for (const fn of handlers.get(type) ?? []) fn(data);
}

function setState(state) {
    if (connection.get().state !== state) connection.set({ state, since: Date.now() });
    if (leading) channel?.postMessage({ state });
}

// ---- what is wanted

const visible = () => document.visibilityState === 'visible';
const mine = () => (visible() ? [...interest].filter(([, n]) => n > 0).map(([t]) => t) : []);

let pending = null;

function interestChanged() {
    // a page that goes and the one that comes are one change
    pending ??= setTimeout(() => {
        pending = null;
        channel?.postMessage({ from: me, wants: mine() });
        if (leading) open();
    }, 30);
}

// ---- the stream

function close() {
    clearTimeout(retry);
    source?.close();
    source = null;
    streaming = '';
}

function open() {
    const topics = [...new Set([...mine(), ...[...othersWant.values()].flat()])].sort().join(',');
    if (topics === streaming && source && source.readyState !== EventSource.CLOSED) return;
    close();
    if (!topics || session.get()?.role === 'nobody') return setState('idle');
    if (connection.get().state !== 'lost') setState('connecting');
    streaming = topics;
    source = new EventSource(`/_/events?topics=${topics}&csrf=${encodeURIComponent(pageToken)}`);
    for (const type of types) source.addEventListener(type, (event) => receive(type, event.data));
    source.onopen = () => {
        failures = 0;
        setState('open');
    };
    source.onerror = () => failed(source);
}

function receive(type, text) {
    let data = {};
    try {
        data = JSON.parse(text);
    } catch {
        return console.warn(`an event "${type}" is not JSON`);
    }
    channel?.postMessage({ type, data });
    deliver(type, data);
}

function failed(which) {
    if (which !== source) return;
    setState('lost');
    if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    failures += 1;
    close();
    retry = setTimeout(async () => {
        try {
            await refreshSession();
        } catch {
            // not there yet: the next try says so as well
        }
        if (leading) open();
    }, Math.min(10_000, 500 * 2 ** failures));
}

export function tryNow() {
    if (!leading) return void channel?.postMessage({ tryNow: true });
    close();
    open();
}

// ---- who holds it

function lead() {
    leading = true;
    othersWant.clear();
    channel?.postMessage({ who: true });
    setTimeout(() => leading && open(), shared ? 40 : 0);
}

function compete() {
    if (giveUp) return;
    if (!shared) {
        giveUp = () => {};
        return lead();
    }
    const aborter = new AbortController();
    let release = () => {};
    giveUp = () => {
        aborter.abort();
        release();
    };
    const held = () => new Promise((done) => ((release = done), lead()));
    navigator.locks.request('microhost.live', { signal: aborter.signal }, held).catch((error) => {
        if (error.name !== 'AbortError') console.warn('no lock for the stream of events', error);
    });
}

function stepDown() {
    giveUp?.();
    giveUp = null;
    leading = false;
    close();
}

function onMessage({ data: message }) {
    if (message.who) channel.postMessage({ from: me, wants: mine() });
    else if (message.tryNow) leading && tryNow();
    else if (message.wants) {
        othersWant.set(message.from, message.wants);
        if (leading) open();
    } else if (message.state && !leading) setState(message.state);
    else if (message.type && !leading && visible()) deliver(message.type, message.data);
}

export function startLive() {
    channel?.addEventListener('message', onMessage);
    const onVisibility = () => {
        if (visible()) {
            compete();
            dispatch('awake');
        } else stepDown();
        interestChanged();
    };
    document.addEventListener('visibilitychange', onVisibility);
    addEventListener('pagehide', () => {
        channel?.postMessage({ from: me, wants: [] });
        stepDown();
    });
    addEventListener('pageshow', (event) => event.persisted && onVisibility());
    addEventListener('online', tryNow);
    session.watch(() => leading && open());
    if (visible()) compete();
}
