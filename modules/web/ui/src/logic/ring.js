// SPDX-License-Identifier: Apache-2.0

/// The last `capacity` lines in order of `seq`; lines that are there already are not taken twice.
export class Ring {
    #lines = [];

    constructor(capacity) {
        this.capacity = capacity;
    }

    get length() {
        return this.#lines.length;
    }

    get last() {
        return this.#lines.length ? this.#lines[this.#lines.length - 1].seq : 0;
    }

    /// How many were new.
    push(lines) {
        const fresh = lines.filter((line) => line.seq > this.last).sort((a, b) => a.seq - b.seq);
        if (fresh.length) this.#lines = [...this.#lines, ...fresh].slice(-this.capacity);
        return fresh.length;
    }

    filter(fits) {
        return this.#lines.filter(fits);
    }

    clear() {
        this.#lines = [];
    }
}
