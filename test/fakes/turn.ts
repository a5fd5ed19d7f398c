/** One whole turn of the event loop: every promise that can settle without time or messages has settled after it. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
