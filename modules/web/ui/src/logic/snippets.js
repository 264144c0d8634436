// SPDX-License-Identifier: Apache-2.0
// A call as lines for a shell. A call: {service, endpoint, body, headers: [[name, value]], timeout, address, stream}.

export const quoted = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

const compact = (text) => {
    try {
        return JSON.stringify(JSON.parse(text));
    } catch {
        return text;
    }
};

/// What is wrong with a timeout that was typed, in words; '' when it can be sent: 5, 0.5, 1.5s, 250ms.
export const timeoutProblem = (text) => (!text || (/^(\d{1,6}(\.\d{1,9})?|\.\d{1,9})(s|ms)?$/.test(text) && /[1-9]/.test(text)) ? '' : 'seconds, as 5 or 0.5, or 250ms');

const secret = /auth|cookie|token|secret|passw|api-?key|credential|session/i;

/// Headers of which a value must be kept nowhere.
export const isSecret = (name) => secret.test(name);

/// A header for curl; a secret stands in a variable of the shell.
function field(name, value) {
    if (!isSecret(name)) return `-H ${quoted(`${name}: ${value}`)}`;
    return `-H "${name}: $${name.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}"`;
}

export function curlLine(call, origin, needsToken) {
    const wanted = { service: call.service, endpoint: call.endpoint };
    if (call.address) wanted.address = call.address;
    const request = compact(call.body || '{}');
    const body = `${JSON.stringify(wanted).slice(0, -1)},"request":${request}}`;
    const parts = ['curl -sS', quoted(`${origin}/rpc`), "-H 'Content-Type: application/json'"];
    if (call.stream) parts.splice(1, 0, '-N'), parts.push("-H 'Accept: application/x-ndjson'");
    if (needsToken) parts.push('-H "Authorization: Bearer $MICROHOST_TOKEN"');
    if (call.timeout) parts.push(`-H ${quoted(`Timeout: ${call.timeout}`)}`);
    for (const [name, value] of call.headers ?? []) if (name && !(needsToken && /^authorization$/i.test(name))) parts.push(field(name, value));
    parts.push(`-d ${quoted(body)}`);
    return parts.join(' \\\n  ');
}

/// As a flag wants it: with a unit, and a digit before the point.
const durationOf = (text) => `${text.startsWith('.') ? '0' : ''}${text}${/s$/.test(text) ? '' : 's'}`;

export function commandLine(call) {
    const parts = ['microhost', call.stream ? 'stream' : 'call', quoted(call.service), quoted(call.endpoint), quoted(compact(call.body || '{}'))];
    if (call.address) parts.push('--address', quoted(call.address));
    for (const [name, value] of call.headers ?? []) if (name) parts.push('--metadata', isSecret(name) ? `"${name}=$${name.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}"` : quoted(`${name}=${value}`));
    if (call.timeout) parts.push('--timeout', quoted(durationOf(call.timeout)));
    return parts.join(' ');
}

/// What may be kept of a call: all but the values of its secret headers.
export const withoutSecrets = (call) => ({ ...call, headers: (call.headers ?? []).map(([name, value]) => [name, isSecret(name) ? '' : value]) });
