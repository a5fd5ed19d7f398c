/** Rules may refer to one another; more levels than this are no short answer but a recursion. */
const MAX_DEPTH = 16;
/** A constraint is part of the prompt, so a huge one would eat the context. */
const MAX_SOURCE_LENGTH = 4_000;

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** Literal text as a regular expression that JavaScript and Rust's regex syntax read alike. */
function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** Reads the right side of a rule. Every method throws `SyntaxError` on what is no regular GBNF. */
class RuleReader {
  readonly #text: string;
  readonly #resolve: (name: string) => string;
  #at = 0;

  constructor(text: string, resolve: (name: string) => string) {
    this.#text = text;
    this.#resolve = resolve;
  }

  whole(): string {
    const source = this.#alternatives();
    if (this.#at < this.#text.length) this.#refuse();
    return source;
  }

  #alternatives(): string {
    const branches = [this.#sequence()];
    while (this.#take(/\|/y) !== null) branches.push(this.#sequence());
    return branches.length === 1 ? (branches[0] ?? '') : `(?:${branches.join('|')})`;
  }

  #sequence(): string {
    let source = '';
    for (let item = this.#item(); item !== null; item = this.#item()) {
      const times = this.#take(/[*+?]|\{\d+(?:,\d*)?\}/y);
      source += times === null ? item : `(?:${item})${times}`;
    }
    return source;
  }

  #item(): string | null {
    const quoted = this.#take(/"(?:[^"\\\n]|\\.)*"/y);
    if (quoted !== null) return literal(this.#unescape(quoted.slice(1, -1)));
    const characters = this.#take(/\[(?:[^\]\\\n]|\\.)+\]/y);
    if (characters !== null) return this.#characterClass(characters.slice(1, -1));
    if (this.#take(/\(/y) !== null) {
      const inner = this.#alternatives();
      if (this.#take(/\)/y) === null) this.#refuse();
      return `(?:${inner})`;
    }
    const name = this.#take(/[a-zA-Z][\w-]*/y);
    return name === null ? null : `(?:${this.#resolve(name)})`;
  }

  /** Letters, digits, spaces and ranges of them; other signs would need escapes that the two syntaxes read apart. */
  #characterClass(body: string): string {
    if (!/^\^?(?:[\w ](?:-\w)?)+$/.test(body)) this.#refuse();
    return `[${body}]`;
  }

  #unescape(text: string): string {
    return text.replace(/\\(.)/g, (_, sign: string) => {
      if (sign === '"' || sign === '\\') return sign;
      return ESCAPES[sign] ?? this.#refuse();
    });
  }

  /** The next token of this kind, behind blanks; null when something else comes. */
  #take(token: RegExp): string | null {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at += 1;
    token.lastIndex = this.#at;
    const found = token.exec(this.#text)?.[0] ?? null;
    this.#at += found?.length ?? 0;
    return found;
  }

  #refuse(): never {
    throw new SyntaxError(`no regular grammar at ${String(this.#at)}`);
  }
}

/**
 * The regular expression that matches what a GBNF grammar does, or null when the grammar is not regular (a rule that
 * needs itself) or uses signs beyond literals, plain character classes, groups, alternatives and repetitions. The short
 * answers of the council are of this kind. The Prompt API takes no grammar, but it takes such an expression
 * (specification, "Structured output"): anchored, without flags and lookaround, which Chromium refuses.
 * @param grammar GBNF (llama.cpp `grammars/README.md`), its first rule being `root`
 */
export function grammarRegExp(grammar: string): RegExp | null {
  const rules = new Map<string, string>();
  for (const line of grammar.split('\n')) {
    const rule = /^\s*([a-zA-Z][\w-]*)\s*::=(.*)$/.exec(line);
    if (rule?.[1] !== undefined && rule[2] !== undefined) rules.set(rule[1], rule[2].trim());
    else if (line.trim() !== '') return null;
  }
  const sources = new Map<string, string>();
  const sourceOf = (name: string, depth: number): string => {
    const known = sources.get(name);
    if (known !== undefined) return known;
    const text = rules.get(name);
    if (text === undefined || depth > MAX_DEPTH) throw new SyntaxError(`no rule for ${name}`);
    const source = new RuleReader(text, (inner) => sourceOf(inner, depth + 1)).whole();
    if (source.length > MAX_SOURCE_LENGTH) throw new SyntaxError(`${name} is too long`);
    sources.set(name, source);
    return source;
  };
  try {
    return new RegExp(`^(?:${sourceOf('root', 0)})$`);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}
