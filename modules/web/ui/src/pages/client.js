// SPDX-License-Identifier: Apache-2.0
import { useEffect, useMemo, useState } from 'preact/hooks';
import { ask } from '../api.js';
import { useServices } from '../data/services.js';
import { html } from '../html.js';
import { servicePath, setQuery } from '../router.js';
import { CallForm } from '../widgets/call_form.js';
import { Page } from '../widgets/parts.js';

/// What is registered under a name that is typed: null while it is none.
function useRecord(name, exists) {
    const [record, set] = useState(null);
    useEffect(() => {
        set(null);
        if (!name || !exists) return undefined;
        const aborter = new AbortController();
        ask(`/_/api/services/${encodeURIComponent(name)}`, { signal: aborter.signal }).then(set, () => {});
        return () => aborter.abort();
    }, [name, exists]);
    return record?.name === name ? record : null;
}

export function Client({ query }) {
    const { rows } = useServices();
    const name = query.get('service') ?? '';
    const exists = rows.some((r) => r.name === name);
    const record = useRecord(name, exists);
    const endpoints = useMemo(() => record?.versions.flatMap((v) => v.endpoints ?? []) ?? [], [record]);
    const nodes = useMemo(() => record?.versions.flatMap((v) => v.nodes ?? []) ?? [], [record]);
    return html`<${Page} title="Call an endpoint" crumb=${['Services', '/services']} tools=${exists && html`<a class="button" href=${servicePath(name)}>About ${name}</a>`}>
        <div class="narrow panel pad"><${CallForm} service=${name} services=${rows.map((r) => r.name)} onService=${(service) => setQuery({ service })} endpoints=${endpoints} nodes=${nodes} wanted=${query.get('endpoint')} /></div>
    </${Page}>`;
}
