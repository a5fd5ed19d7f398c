/** What a server, or the line to it, does wrong with one request; seen in Chromium, see the fault server for the real ones. */
export type NetFault =
  /** No answer. */
  | { readonly fault: 'unreachable' }
  /** The line breaks after so many bytes of the body. */
  | { readonly fault: 'cut'; readonly afterBytes: number }
  /** The body ends there as if it were whole: no length was announced. */
  | { readonly fault: 'short'; readonly afterBytes: number }
  /** One bit of this byte of the file, where the answer holds it. */
  | { readonly fault: 'flip'; readonly atByte: number }
  /** A page with status 200; `unmarked` does not say that it is one. */
  | { readonly fault: 'portal'; readonly unmarked?: boolean }
  /** Compressed: no answer for a range, as browsers do; the whole with the compressed length, its encoding shown or not. */
  | { readonly fault: 'gzip'; readonly hidden?: boolean }
  /** The whole with 200, whatever was asked for. */
  | { readonly fault: 'ignores-range' }
  /** Another part, and says so; `lies`: says that it is the right one. */
  | { readonly fault: 'wrong-range'; readonly lies?: boolean }
  /** Less than was asked for, and says so. */
  | { readonly fault: 'less'; readonly bytes: number }
  | { readonly fault: 'unsatisfiable' }
  | { readonly fault: 'status'; readonly status: number; readonly retryAfter?: string }
  /** Nothing comes any more after so many bytes; null: not even the head. */
  | { readonly fault: 'stall'; readonly afterBytes: number | null }
  /** One byte now and then, for ever. */
  | { readonly fault: 'drip' }
  /** Another content of the same length, with another ETag. */
  | { readonly fault: 'changed' }
  /** So many bytes behind the end. */
  | { readonly fault: 'too-long'; readonly extraBytes: number }
  /** A file of another size. */
  | { readonly fault: 'other-size' };
