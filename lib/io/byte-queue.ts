/** Bytes that have arrived and were not taken yet, in the chunks that they came in. */
export class ByteQueue {
  /** Bytes. */
  length = 0;
  readonly #chunks: Buffer[] = [];

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.length += chunk.length;
  }

  /** Takes the first chunk, however long it is. */
  shift(): Buffer | undefined {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) this.length -= chunk.length;
    return chunk;
  }

  /** The first `count` bytes, of which there are so many, in one piece. They stay. */
  peek(count: number): Buffer {
    const [first] = this.#chunks;
    if (first === undefined) return Buffer.alloc(0);
    if (first.length >= count) return first.subarray(0, count);
    let chunks = 0;
    for (let bytes = 0; bytes < count; chunks++) bytes += this.#chunks[chunks]?.length ?? 0;
    const joined = Buffer.concat(this.#chunks.slice(0, chunks));
    this.#chunks.splice(0, chunks, joined);
    return joined.subarray(0, count);
  }

  /** Takes the first `count` bytes, of which there are so many, in one piece. */
  take(count: number): Buffer {
    const taken = this.peek(count);
    const [first] = this.#chunks;
    if (first === undefined) return taken;
    if (first.length === count) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(count);
    this.length -= count;
    return taken;
  }

  /** The position of the first `byte` from position `from` on, or -1. */
  indexOf(byte: number, from: number): number {
    let start = 0;
    for (const chunk of this.#chunks) {
      const end = start + chunk.length;
      if (from < end) {
        const at = chunk.indexOf(byte, Math.max(0, from - start));
        if (at >= 0) return start + at;
      }
      start = end;
    }
    return -1;
  }
}
