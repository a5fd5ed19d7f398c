import type { Recommendation, ScalabilityInput } from '#contracts/scalability';
import { shareOfPlace } from './bandwidth-share.ts';
import { figure, gibibytes, many, percent, seconds } from './figure-text.ts';
import type { Projected } from './projection.ts';

type Advice = Recommendation | null;

/** From here on a wait grows faster than the questions do: at 80 % it is twice the time of service with one server. */
const BUSY = 0.8;
/** An interval whose ends are further apart than this says little (they are 1.2 apart at the bar of 10 %). */
const ROUGH = 2;
/** Twice the cores that bring less than a tenth. */
const HARDLY = 1.1;

function littleRoom(input: ScalabilityInput, { answering }: Projected): Advice {
  const used = answering?.utilisation.median ?? 0;
  if (answering?.waitMs == null || used < BUSY) return null;
  return {
    horizon: 'risk',
    title: 'Little room for more questions',
    detail: 'A few more questions at a time make everybody wait much longer.',
    because: `At ${figure(input.questionsPerMinute)} a minute it is used to ${percent(used)}, and a question waits ${seconds(answering.waitMs)} on average.`,
  };
}

function coresHardlyHelp(
  input: ScalabilityInput,
  projected: readonly Projected[],
  { answering }: Projected,
): Advice {
  const cores = projected.find(({ projection }) => projection.kind === 'cores')?.projection;
  const share = shareOfPlace(input.members, 'cpu');
  const tried = cores?.speedup ?? null;
  // Where the card or a server ends last, it is not the cores that would be bought.
  if (answering?.alone.last.some(({ backend }) => backend !== 'cpu') !== false) return null;
  if (!input.isolated || share === null || tried === null || tried >= HARDLY) return null;
  return {
    horizon: 'risk',
    title: 'More cores alone would hardly help',
    detail: 'Writing waits for the memory, which all cores share.',
    because: `Twice the cores: ${figure(tried)} times as fast; ${percent(share.median)} of the time of a token ${share.measured ? 'is' : 'is taken to be'} spent reading.`,
  };
}

function secondCardOutOfReach(input: ScalabilityInput): Advice {
  const onCard = input.members.filter(({ backend }) => backend === 'webgpu').length;
  if (onCard < 2 || input.graphics === null) return null;
  return {
    horizon: 'risk',
    title: 'A page may not reach a further graphics card',
    detail:
      'A browser hands out one card for each power preference, so that of two alike it may offer one: look whether it is listed before buying.',
    because: `${many(onCard, 'member')} of this council run on ${many(input.graphics.cards, 'card')} today.`,
  };
}

/** Memory that one engine of a browser cannot use: it would be bought in vain. */
function engineIsFull(projected: readonly Projected[]): Advice {
  const more = projected.find(({ projection: { kind } }) => kind === 'memory')?.seats;
  if (more?.limit !== 'engine' || more.tooLarge === null) return null;
  const { name, memoryBytes } = more.tooLarge;
  if (memoryBytes > more.usableBytes) return null;
  return {
    horizon: 'risk',
    title: 'A larger model needs more than memory',
    detail:
      'An engine on the processor holds only so much of it in a browser; a graphics card or a server may hold more.',
    because: `${name} needs ${gibibytes(memoryBytes)}; twice the memory would have ${gibibytes(more.usableBytes)} usable, and an engine takes ${gibibytes(more.engineBytes)} of that.`,
  };
}

function memoryUnknown({ memoryBytes, memoryIsFloor, members }: ScalabilityInput): Advice {
  if (members.length === 0 || (memoryBytes !== null && !memoryIsFloor)) return null;
  const taken = members.reduce((all, member) => all + member.memoryBytes, 0);
  return {
    horizon: 'risk',
    title: 'How much memory there is, is not known',
    detail: 'What fits with more of it is the least that can be said.',
    because:
      memoryBytes === null
        ? `The browser tells nothing; the council takes ${gibibytes(taken)}.`
        : `The browser tells of ${gibibytes(memoryBytes)} or more; the council takes ${gibibytes(taken)}.`,
  };
}

function rough(
  { supposed }: ScalabilityInput,
  { projection: { tokensPerSecond: speed } }: Projected,
): Advice {
  // Of a supposed device the width is that of the supposition: no measurement makes it less.
  if (supposed === true) return null;
  if (speed === null || speed.low <= 0 || speed.high / speed.low < ROUGH) return null;
  return {
    horizon: 'risk',
    title: 'Today’s figures are rough already',
    detail: 'Measure this device again, with nothing else running.',
    because: `Today’s speed lies between ${figure(speed.low)} and ${figure(speed.high)} tokens per second; each projection is less sure than that.`,
  };
}

function answersLeave({ members, remoteServers }: ScalabilityInput): Advice {
  const away = members.filter(({ backend }) => backend === 'remote').length;
  if (away === 0) return null;
  return {
    horizon: 'risk',
    title: 'Questions leave this device',
    detail: 'Servers see what is asked of their members, and without a network these do not answer.',
    because: `Members on servers: ${figure(away)} of ${figure(members.length)}; servers: ${figure(Math.max(1, remoteServers))}.`,
  };
}

export function risks(
  input: ScalabilityInput,
  projected: readonly Projected[],
  today: Projected,
): readonly Recommendation[] {
  return [
    littleRoom(input, today),
    rough(input, today),
    coresHardlyHelp(input, projected, today),
    secondCardOutOfReach(input),
    engineIsFull(projected),
    memoryUnknown(input),
    answersLeave(input),
  ].filter((advice) => advice !== null);
}
