// SPDX-License-Identifier: Apache-2.0
// Schemas as Micro's registry has them: {name, type, values: [the same] | null}.

const kinds = {
    string: 'text', str: 'text', '[]uint8': 'bytes', '[]byte': 'bytes', bytes: 'bytes', bool: 'boolean', boolean: 'boolean',
    int: 'integer', int8: 'integer', int16: 'integer', int32: 'integer', int64: 'integer', integer: 'integer',
    uint: 'integer', uint8: 'integer', uint16: 'integer', uint32: 'integer', uint64: 'integer',
    float: 'number', float32: 'number', float64: 'number', double: 'number', number: 'number',
};
const deepest = 16;
// what generated Go code has in its structures, and no client sends
const internal = (v) => v.name === '-' || v.name.startsWith('XXX_') || ['sizeCache', 'unknownFields'].includes(v.name) || v.type === 'MessageState';

export const fieldsOf = (value) => (value?.values ?? []).filter((v) => v && typeof v.name === 'string' && !internal(v));

export function kindOf(value) {
    const type = String(value.type ?? '');
    if (kinds[type]) return kinds[type];
    if (type.startsWith('[]')) return 'list';
    if (type.startsWith('map[')) return 'map';
    return fieldsOf(value).length ? 'object' : 'unknown';
}

/// An example of a value: every field, empty. `null` where nothing is known.
export function skeleton(value, depth = 0) {
    switch (value ? kindOf(value) : 'unknown') {
        case 'text':
        case 'bytes':
            return '';
        case 'boolean':
            return false;
        case 'integer':
        case 'number':
            return 0;
        case 'list':
            return depth < deepest && fieldsOf(value).length ? [object(value, depth)] : [];
        case 'map':
            return {};
        case 'object':
            return depth < deepest ? object(value, depth) : {};
        default:
            return depth === 0 ? {} : null;
    }
}

const object = (value, depth) => Object.fromEntries(fieldsOf(value).map((v) => [v.name, skeleton(v, depth + 1)]));

/// The schema as rows of a tree: [{depth, name, type, kind}].
export function rowsOf(value, depth = 0, out = []) {
    if (depth > deepest) return out;
    for (const v of fieldsOf(value)) {
        out.push({ depth, name: v.name, type: v.type, kind: kindOf(v) });
        rowsOf(v, depth + 1, out);
    }
    return out;
}

export const isStream = (endpoint) => String(endpoint?.metadata?.stream ?? '') === 'true';
