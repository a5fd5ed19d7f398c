/** A WASM module that imports one function: `env.TVMOther`, which no release of web-llm has. */
export const OTHER_GENERATION = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 16, 1, 3, 101, 110, 118, 8, 84, 86, 77, 79, 116, 104,
  101, 114, 0, 0,
]);
