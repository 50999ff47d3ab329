// Reproducible randomness: every random choice of a case comes from here, and follows from the seed that it prints.

/** Returns a random source for a seed, which is any text. */
export function randomOf(seed) {
  let state = 0x9e3779b9;
  for (const character of String(seed)) state = Math.imul(state ^ character.codePointAt(0), 0x01000193) >>> 0;
  // mulberry32
  const below1 = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return {
    below1,
    /** Returns an integer from `least` to below `end`. */
    between: (least, end) => least + Math.floor(below1() * (end - least)),
    /** Returns true with this probability. */
    happens: (probability) => below1() < probability,
    pick: (list) => list[Math.floor(below1() * list.length)],
    shuffled(list) {
      const copy = [...list];
      for (let at = copy.length - 1; at > 0; at--) {
        const other = Math.floor(below1() * (at + 1));
        [copy[at], copy[other]] = [copy[other], copy[at]];
      }
      return copy;
    },
  };
}
