import { failure } from '#contracts/errors';
import { isErrorCode, whatHappened } from '#contracts/error-messages';
import type { Deliberation, MemberOutcome, RoundOutcome } from '#contracts/deliberation';
import { ruleName } from './rule-words.ts';
import { frameTime, listed, percent, plural, seconds, whenLong } from '../quantities.ts';

/** How the answer was reached, in words. Agreement is a count of votes: nothing here may call it verified. */
export interface VerdictWords {
  /** "3 of 3 agree · plurality · decided after 0.41 s". */
  readonly headline: string;
  /** What keeps this from being a plain result; null when nothing does. */
  readonly caution: string | null;
  /** Where nobody was asked: since when the answer is known. */
  readonly before: string | null;
  readonly facts: readonly { readonly label: string; readonly text: string }[];
}

export interface DissentWords {
  readonly answer: string;
  readonly names: string;
}

const CAUTIONS: Readonly<Record<RoundOutcome, string | null>> = {
  decided: null,
  tied: 'Several answers lead. Shown is that of the tied member with the best measured accuracy.',
  partial: 'Votes are missing that could have changed this result.',
  abstained: 'These models were trained for a few exact tasks. Try one of the examples.',
  stopped: 'You stopped this round. Ask again when you like.',
  failed: 'Every member stopped or failed. Ask again; members restart by themselves.',
};

const NO_ANSWER: Readonly<Record<'abstained' | 'stopped' | 'failed', string>> = {
  abstained: 'No member has an answer',
  stopped: 'Stopped before a result',
  failed: 'No member could answer',
};

/** What stands in place of the answer when there is none. */
export function answerText(d: Deliberation): string {
  if (d.answer !== null) return d.answer;
  return d.outcome === 'stopped' || d.outcome === 'failed' ? NO_ANSWER[d.outcome] : NO_ANSWER.abstained;
}

/** Why a member's vote is not in the count; null when it is. */
export function whyMissing(member: MemberOutcome): string | null {
  switch (member.status) {
    case 'answered':
      return null;
    case 'abstained':
      return 'had no answer';
    case 'cut':
      return 'stopped, the vote was decided';
    case 'late':
      return 'answered too late to count';
    case 'timeout':
      return 'ran out of time';
    case 'lost':
      return 'its worker stopped';
    case 'stopped':
      return 'stopped by you';
    case 'failed':
      return failureWords(member) ?? 'failed';
  }
}

/** The error text behind a recorded code, in lower case to stand inside a sentence; null when the code is unknown. */
function failureWords(member: MemberOutcome): string | null {
  if (member.error === undefined || !isErrorCode(member.error)) return null;
  const text = whatHappened(failure(member.error, { member: member.name, model: member.name }));
  // A record keeps the code, not the figures: a text that needs them would show its gaps.
  if (text.includes('{')) return null;
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '');
}

function inFavour(d: Deliberation): number {
  return d.key === null ? 0 : d.members.filter((member) => member.key === d.key).length;
}

function headline(d: Deliberation): string {
  const total = d.members.length;
  if (d.key === null) {
    const ended = d.cached === undefined ? ` · ended after ${seconds(d.wallMs)}` : '';
    return `${plural(total, 'member')} asked · no vote${ended}`;
  }
  const votes = inFavour(d);
  const agree = votes === 1 ? `1 vote of ${String(total)}` : `${String(votes)} of ${String(total)} agree`;
  const when = d.cached === undefined ? ` · decided after ${seconds(d.decidedMs ?? d.wallMs)}` : '';
  const reached = ruleName(d.rule) + when;
  if (d.outcome === 'tied') return `Tied, ${agree} · ${reached}`;
  if (d.outcome === 'partial') return `Partial, ${agree} · ${reached}`;
  return `${agree} · ${reached}`;
}

function before({ cached }: Deliberation): string | null {
  return cached === undefined ? null : `Answered before, ${whenLong(cached.storedAt)}; nobody was asked.`;
}

/** "2 for, 1 against (agreement 67 %)": the share of the valid votes, nothing more. */
function voteCounts(d: Deliberation): string {
  const against = d.dissent.reduce((sum, group) => sum + group.members.length, 0);
  const opposed = against === 0 ? 'none' : String(against);
  return `${String(inFavour(d))} for, ${opposed} against (agreement ${percent(d.agreement)})`;
}

function caution(d: Deliberation): string | null {
  if (d.lateWouldFlip) return 'A vote that came after the answer would have changed it.';
  const caster = d.members.find(({ id, key }) => id === d.tieBreaker && key === d.key);
  if (d.outcome === 'tied' && caster !== undefined)
    return `Several answers lead. Shown is that of ${caster.name}, whose vote you made the casting one.`;
  return CAUTIONS[d.outcome];
}

/** A member that runs on a server is marked as such wherever it is named. */
export function named({ name, backend }: MemberOutcome): string {
  return backend === 'remote' ? `${name} (on a server)` : name;
}

/** How a finished round is told. */
export function verdictWords(d: Deliberation): VerdictWords {
  const facts: { label: string; text: string }[] = [];
  if (d.key !== null) {
    facts.push({ label: 'Votes', text: voteCounts(d) });
  }
  const absent = d.members.filter((member) => member.key === null && member.status !== 'cut');
  if (absent.length > 0) {
    const reasons = absent.map((member) => `${named(member)} (${whyMissing(member) ?? 'no vote'})`);
    facts.push({ label: 'Missing', text: reasons.join(', ') });
  }
  const late = d.members.filter((member) => member.status === 'late');
  if (late.length > 0) {
    facts.push({ label: 'Late', text: listed(late.map(named)) });
  }
  if (d.key !== null) facts.push({ label: 'Saved', text: savedWords(d) });
  const how = howDecided(d);
  if (how !== '') facts.push({ label: 'Rule', text: how });
  if (d.frames !== null && d.frames.count > 0) {
    facts.push({ label: 'Frames', text: `95\u00a0% within ${frameTime(d.frames.p95)}` });
  }
  return { headline: headline(d), caution: caution(d), before: before(d), facts };
}

/** Why this rule, what took its place, and how many answers there were. */
function howDecided({ ruleReasons = [], fallback, samplesEach = 1, rankings, chair }: Deliberation): string {
  return [
    ...ruleReasons,
    ...(samplesEach === 1 ? [] : [`${plural(samplesEach, 'answer')} from each member.`]),
    ...(rankings === undefined ? [] : [`${plural(rankings.length, 'ranking')}.`]),
    ...(chair === undefined || chair.choice !== null ? [] : ['The chairman chose none.']),
    ...(fallback === undefined ? [] : [`It had nothing to go by: ${ruleName(fallback)} decided.`]),
  ].join(' ');
}

function savedWords(d: Deliberation): string {
  if (d.callsSaved === 0) return 'no calls';
  const cut = d.members.filter((member) => member.status === 'cut').map(named);
  return `${plural(d.callsSaved, 'call')} stopped early (${listed(cut)})`;
}

/** Who said something else. */
export function dissentWords(d: Deliberation): readonly DissentWords[] {
  const nameOf = (id: string): string => {
    const member = d.members.find((each) => each.id === id);
    return member === undefined ? id : named(member);
  };
  return d.dissent.map((group) => ({ answer: group.answer, names: listed(group.members.map(nameOf)) }));
}

/** One sentence for screen readers. */
export function spokenResult(d: Deliberation): string {
  if (d.answer === null) return [`${answerText(d)}.`, before(d) ?? '', caution(d) ?? ''].join(' ').trim();
  const dissent = dissentWords(d).map((group) => `${group.names} said ${group.answer}.`);
  return [
    `The council answers: ${d.answer}.`,
    `${headline(d)}.`,
    before(d) ?? '',
    caution(d) ?? '',
    ...dissent,
  ]
    .join(' ')
    .trim();
}
