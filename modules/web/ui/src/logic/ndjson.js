// SPDX-License-Identifier: Apache-2.0

/// Cuts what comes in pieces into lines; a line that is not over yet waits.
export class LineSplitter {
    #rest = '';

    push(piece) {
        const parts = (this.#rest + piece).split('\n');
        this.#rest = parts.pop();
        return parts.map((line) => line.replace(/\r$/, '')).filter(Boolean);
    }

    end() {
        const rest = this.#rest;
        this.#rest = '';
        return rest ? [rest] : [];
    }
}

/// Calls onLine for each line of a response's body, as it comes.
export async function readLines(response, onLine) {
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    const lines = new LineSplitter();
    let rested = performance.now();
    for (;;) {
        const { done, value } = await reader.read();
        const text = done ? decoder.decode() : decoder.decode(value, { stream: true });
        for (const line of lines.push(text)) onLine(line);
        if (done) break;
        // A flood of them must not keep the page from being drawn and clicked.
        if (performance.now() - rested > 20) {
            await new Promise((go) => setTimeout(go, 8));
            rested = performance.now();
        }
    }
    for (const line of lines.end()) onLine(line);
}
