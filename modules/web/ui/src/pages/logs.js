// SPDX-License-Identifier: Apache-2.0
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { lastSeq, lines, loadLogs, useLogs } from '../data/logs.js';
import { clock, count, moment, plural } from '../format.js';
import { html } from '../html.js';
import { lineText, logFilter, textOf } from '../logic/log_lines.js';
import { setQuery } from '../router.js';
import { Choice, Filter, Page, Trouble, Waiting } from '../widgets/parts.js';
import { useFollow, useRange } from '../widgets/virtual.js';

const levels = [['', 'All'], ['info', 'Info'], ['warn', 'Warn'], ['error', 'Error']];
const height = 22;

function download(shown, as) {
    const text = shown.map(as === 'json' ? (l) => JSON.stringify(l) : lineText).join('\n') + '\n';
    const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = `microhost-log-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.${as === 'json' ? 'ndjson' : 'txt'}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

const Fields = ({ of }) => Object.entries(of ?? {}).map(([k, v]) => html`<span class="log-field" key=${k}><span>${k}=</span>${typeof v === 'string' ? v : JSON.stringify(v)}</span>`);

function Line({ line, chosen, onChoose }) {
    return html`<li data-level=${line.level} class=${chosen ? 'chosen' : ''} onClick=${() => String(getSelection()) || onChoose(line.seq)}>
        <time dateTime=${new Date(line.time).toISOString()} title=${moment(line.time)}>${clock(line.time, true)}</time><span class="level">${line.level}</span><span class="module">${line.module}</span><span class="text">${line.text} <${Fields} of=${line.fields} /></span>
        ${line.request_id && html`<a href=${`/_/logs?request=${encodeURIComponent(line.request_id)}`} title=${`Only request ${line.request_id}`} onClick=${(e) => e.stopPropagation()}>${line.request_id.slice(0, 8)}</a>`}
    </li>`;
}

function Detail({ line, onClose }) {
    return html`<aside class="panel pad log-detail" aria-label="The chosen line"><div class="section-head"><h2>${line.text}</h2><div class="tools"><button class="small" onClick=${onClose}>Close</button></div></div>
        <dl class="facts"><div class="wide"><dt>Time</dt><dd>${moment(line.time)}.${String(line.time % 1000).padStart(3, '0')}</dd></div><div><dt>Level</dt><dd>${line.level}</dd></div>
            <div><dt>Module</dt><dd><a href=${`/_/logs?module=${encodeURIComponent(line.module)}`}>${line.module}</a></dd></div>
            ${line.request_id && html`<div class="wide"><dt>Request</dt><dd><a href=${`/_/logs?request=${encodeURIComponent(line.request_id)}`}><code>${line.request_id}</code></a></dd></div>`}
            ${Object.entries(line.fields ?? {}).map(([k, v]) => html`<div key=${k}><dt>${k}</dt><dd class="mono">${typeof v === 'string' ? v : JSON.stringify(v)}</dd></div>`)}</dl></aside>`;
}

function List({ shown, following, setFollowing, chosen, onChoose }) {
    const box = useRef(null);
    const body = useRef(null);
    const [a, b] = useRange(shown.length, height, body, box);
    useFollow(box, following, shown.length ? shown[shown.length - 1].seq : 0);
    // whoever scrolls up wants to read: what comes then must not push it away
    const scrolled = () => {
        const far = box.current.scrollHeight - box.current.scrollTop - box.current.clientHeight;
        if (following && far > 60) setFollowing(false);
        else if (!following && far < 4) setFollowing(true);
    };
    return html`<div class="log panel" ref=${box} tabindex="0" role="log" aria-live="off" aria-label="Lines of the log" onWheel=${() => requestAnimationFrame(scrolled)} onTouchMove=${() => requestAnimationFrame(scrolled)} onKeyUp=${scrolled} onMouseUp=${scrolled}>
        <ol ref=${body} style=${{ paddingTop: `${a * height}px`, paddingBottom: `${(shown.length - b) * height}px` }}>${shown.slice(a, b).map((l) => html`<${Line} key=${l.seq} line=${l} chosen=${l.seq === chosen} onChoose=${onChoose} />`)}</ol>
    </div>`;
}

export function Logs({ query }) {
    const { state, problem, turn, lost } = useLogs();
    const wanted = { level: query.get('level') ?? '', module: query.get('module') ?? '', text: query.get('text') ?? '', request: query.get('request') ?? '' };
    const [paused, pause] = useState(0);
    const [following, setFollowing] = useState(true);
    const [chosen, choose] = useState(null);
    const key = JSON.stringify(wanted);
    const shown = useMemo(() => {
        const fits = logFilter(wanted);
        return lines((l) => (!paused || l.seq <= paused) && fits(l));
    }, [paused ? 0 : turn, paused, key]);
    const came = paused ? lines((l) => l.seq > paused).length : 0;
    const known = useMemo(() => [...new Set(lines(() => true).map((l) => l.module))].sort(), [turn]);
    const line = chosen !== null && shown.find((l) => l.seq === chosen);
    useEffect(() => choose(null), [key]);
    const hold = () => {
        pause(paused ? 0 : lastSeq());
        setFollowing(true);
    };
    return html`<${Page} title="Logs" tools=${html`<button onClick=${() => download(shown, 'text')} disabled=${!shown.length}>Save as text</button><button onClick=${() => download(shown, 'json')} disabled=${!shown.length}>Save as NDJSON</button>`}>
        <div class="log-tools">
            <${Filter} name="text" value=${wanted.text} label="Lines with this text" placeholder="Text of a line or field" />
            <${Choice} label="Level" options=${levels} value=${wanted.level} onChange=${(level) => setQuery({ level })} />
            <label><span class="sr">Module</span><select value=${wanted.module} onChange=${(e) => setQuery({ module: e.target.value })}><option value="">All modules</option>${[...new Set([...known, wanted.module].filter(Boolean))].map((m) => html`<option key=${m} value=${m}>${m}</option>`)}</select></label>
            <${Filter} name="request" value=${wanted.request} label="Request id" placeholder="Request id" primary=${false} />
            <button class=${paused ? 'main' : ''} aria-pressed=${Boolean(paused)} onClick=${hold}>${paused ? `Go on${came ? `, ${count(came)} came` : ''}` : 'Pause'}</button>
        </div>
        ${state === 'failed' && html`<${Trouble} problem=${problem} again=${loadLogs} />`}
        ${state === 'loading' && html`<${Waiting} what="Reading the log …" />`}
        ${state === 'ok' && (shown.length
            ? html`<${List} shown=${shown} following=${following && !paused} setFollowing=${setFollowing} chosen=${chosen} onChoose=${(seq) => choose(seq === chosen ? null : seq)} />`
            : html`<div class="empty">${textOf(wanted) ? html`<p>No line with ${textOf(wanted)}.</p><button onClick=${() => setQuery({ level: '', module: '', text: '', request: '' })}>Show all</button>` : html`<p>Nothing was logged yet.</p>`}</div>`)}
        ${state === 'ok' && html`<p class="summary log-foot"><span>${plural(shown.length, 'line')}${lost ? html`, <span class="warn-text">${plural(lost, 'line')} came too fast and were left out</span>` : ''}</span>${!following && !paused && html`<button class="small" onClick=${() => setFollowing(true)}>To the newest</button>`}</p>`}
        ${line && html`<${Detail} line=${line} onClose=${() => choose(null)} />`}
    </${Page}>`;
}
