// SPDX-License-Identifier: Apache-2.0
// Numbers and times as they are read in tables: short, of one width, never "NaN".
const none = '–';

const known = (n) => typeof n === 'number' && Number.isFinite(n);

export function count(n) {
    if (!known(n)) return none;
    if (Math.abs(n) < 10_000) return String(Math.round(n));
    for (const [size, unit] of [[1e9, 'G'], [1e6, 'M'], [1e3, 'k']])
        if (Math.abs(n) >= size) return `${(n / size).toFixed(n / size >= 100 ? 0 : 1)} ${unit}`;
    return String(n);
}

export function rate(n) {
    if (!known(n)) return none;
    if (n === 0) return '0';
    if (n < 10) return n.toFixed(n < 1 ? 2 : 1);
    return count(n);
}

export function ms(n) {
    if (!known(n)) return none;
    if (n >= 60_000) return span(n);
    if (n >= 1000) return `${(n / 1000).toFixed(n >= 10_000 ? 1 : 2)} s`;
    if (n >= 100) return `${n.toFixed(0)} ms`;
    return `${n.toFixed(n >= 10 ? 1 : 2)} ms`;
}

export function bytes(n) {
    if (!known(n)) return none;
    for (const [size, unit] of [[2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [2 ** 10, 'KiB']])
        if (n >= size) return `${(n / size).toFixed(n / size >= 100 ? 0 : 1)} ${unit}`;
    return `${Math.round(n)} B`;
}

export function percent(part, whole) {
    if (!known(part) || !known(whole) || whole === 0) return none;
    const n = (part / whole) * 100;
    return `${n === 0 || n >= 99.95 ? n.toFixed(0) : n.toFixed(n < 1 ? 2 : 1)} %`;
}

export function span(milliseconds) {
    if (!known(milliseconds)) return none;
    const s = Math.max(0, Math.floor(milliseconds / 1000));
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
    if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
    return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

const two = (n) => String(n).padStart(2, '0');

export function clock(time, milliseconds = false) {
    const d = new Date(time);
    if (Number.isNaN(d.getTime())) return none;
    const text = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
    return milliseconds ? `${text}.${String(d.getMilliseconds()).padStart(3, '0')}` : text;
}

export function moment(time) {
    const d = new Date(time);
    if (Number.isNaN(d.getTime())) return none;
    return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${clock(time)}`;
}

export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
