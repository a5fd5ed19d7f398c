import type { Conversation } from '#contracts/conversation';
import type { Deliberation, MemberOutcome } from '#contracts/deliberation';

/** Marks that Markdown, or the HTML in it, would take for its own. */
const MARKS = /[\\`*_{}[\]<>()#+\-.!|~&:]/g;

const inline = (text: string): string => text.replace(MARKS, '\\$&').replace(/\s+/g, ' ').trim();

/** Text as it was written, in a fence that nothing in it can close. */
function block(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text.replace(/\r\n?/g, '\n')}\n${fence}`;
}

const percent = (share: number): string => `${String(Math.round(share * 100))} %`;
const milliseconds = (ms: number | null): string => (ms === null ? '–' : `${String(Math.round(ms))} ms`);

/** A round as people read it. Export only: what it leaves out, the JSON file has. */
export function deliberationMarkdown(record: Deliberation): string {
  const { answer, outcome, agreement, members, dissent, missing, cached } = record;
  const votes = members.filter(({ key }) => key !== null).length;
  const name = (id: string): string => inline(members.find((member) => member.id === id)?.name ?? id);
  const lines = [
    `## ${inline(record.prompt)}`,
    '',
    `Asked ${new Date(record.askedAt).toISOString()} · seed ${String(record.seed)} · rule: ${record.rule}`,
    '',
    '**Question**',
    '',
    block(record.prompt),
    '',
    '**Answer of the council**',
    '',
    answer === null ? 'None.' : block(answer),
    '',
    `- Outcome: ${outcome}; ${percent(agreement)} of ${String(votes)} votes agree. Agreement is no proof.`,
    `- Decided after ${milliseconds(record.decidedMs)}${record.decidedEarly ? ', before all had ended' : ''}; whole round ${milliseconds(record.wallMs)}.`,
    ...(missing.length === 0 ? [] : [`- Missing: ${missing.map(name).join(', ')}.`]),
    ...(record.lateWouldFlip ? ['- A vote that came too late would have changed the answer.'] : []),
    ...(cached === undefined
      ? []
      : [
          `- From the cache: nobody was asked. The answer is of ${new Date(cached.storedAt).toISOString()} (round ${inline(cached.roundId)}); the figures below are of that round.`,
        ]),
    ...(record.rating === undefined ? [] : [`- Rated: ${record.rating}.`]),
    '',
    '| member | model | where | part | tokens | first token | tokens/s |',
    '|---|---|---|---|---:|---:|---:|',
    ...members.map(memberRow),
    '',
    ...members.flatMap(memberWords),
    ...dissent.flatMap((group) => [
      `**Dissent** of ${group.members.map(name).join(', ')}`,
      '',
      block(group.answer),
      '',
    ]),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function memberRow(member: MemberOutcome): string {
  const { name, model, engine, backend, status, tokens, ttftMs, tokensPerSecond, error } = member;
  const speed = tokensPerSecond === null ? '–' : tokensPerSecond.toFixed(1);
  const part = error === undefined ? status : `${status}: ${inline(error)}`;
  return `| ${inline(name)} | ${inline(model?.id ?? '–')} | ${engine}, ${backend} | ${part} | ${String(tokens)} | ${milliseconds(ttftMs)} | ${speed} |`;
}

function memberWords({ name, answer, history }: MemberOutcome): readonly string[] {
  if (answer === '') return [];
  const left = history?.leftOut ?? 0;
  const note = left === 0 ? '' : ` (${String(left)} earlier turns had no room in its context)`;
  return [`**${inline(name)}**${note}`, '', block(answer), ''];
}

/** A conversation with the rounds of one branch. @param records of the branch's turns, oldest first */
export function conversationMarkdown(conversation: Conversation, records: readonly Deliberation[]): string {
  return [`# ${inline(conversation.title)}\n`, ...records.map(deliberationMarkdown)].join('\n');
}
