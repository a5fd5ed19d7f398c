import type { ErrorCode, WitanFailure } from './errors.ts';

/** What happened, and the one thing to do next. `{name}` is replaced from the failure's details. */
interface Message {
  readonly happened: string;
  readonly next: string;
}

const MESSAGES: Readonly<Record<ErrorCode, Message>> = {
  'prompt-empty': { happened: 'There is no question yet.', next: 'Type a question, then ask again.' },
  'prompt-too-long': {
    happened: 'The question has {characters} characters; this council reads at most {limit}.',
    next: 'Shorten it. Your text is kept.',
  },
  'queue-full': { happened: 'Too many questions are waiting.', next: 'Wait for one to finish, or stop one.' },
  'council-unavailable': {
    happened: 'No member of the council could be started.',
    next: 'Try again, or reload the page.',
  },
  'member-unknown': {
    happened: 'There is no member named {member}.',
    next: 'Choose one of the listed members.',
  },
  'model-fetch-failed': {
    happened: 'The file of {model} could not be fetched.',
    next: 'Check the connection, then retry this member.',
  },
  'model-invalid': {
    happened: 'The file of {model} is damaged or is not a model.',
    next: 'Retry to fetch it again. The other members go on.',
  },
  'model-load-failed': {
    happened: 'The model {model} could not be loaded.',
    next: 'Retry this member, or reload the page.',
  },
  'engine-unavailable': {
    happened: 'This browser, or this device, cannot run the engine of this model.',
    next: 'Choose another model, or use a current Chrome, Edge or Firefox.',
  },
  'engine-incompatible': {
    happened: 'The inference engine has another version than this page.',
    next: 'Reload the page.',
  },
  'engine-failed': { happened: 'The inference engine reported an error.', next: 'Retry this member.' },
  'feature-missing': {
    happened: '{model} needs {feature}, which this device does not offer.',
    next: 'Choose a variant without it, or another model.',
  },
  'out-of-memory': {
    happened: 'There was not enough memory for {model}.',
    next: 'Close other tabs, or choose a smaller model.',
  },
  'device-lost': {
    happened: 'The graphics card stopped working for this page while {model} was using it.',
    next: 'It is being started again; if that fails, the model goes on without the card.',
  },
  'request-unsupported': {
    happened: '{model} cannot do this: {reason}.',
    next: 'Ask without it, or choose another member.',
  },
  'consent-required': {
    happened: '{model} has not been allowed yet.',
    next: 'Allow it with its button, or a server under the question. Nothing was downloaded or sent.',
  },
  'model-downloading': {
    happened: '{model} is still being downloaded.',
    next: 'The others answer meanwhile.',
  },
  'remote-unreachable': {
    happened: 'The server of {model} could not be reached.',
    next: 'Check that it runs, and that it allows this page (CORS).',
  },
  'remote-refused': {
    happened: 'The server of {model} refused the request (status {status}).',
    next: 'Check the key and the name of the model.',
  },
  'remote-busy': {
    happened: 'The server of {model} has too much to do.',
    next: 'Ask again in a moment. The other members went on.',
  },
  'remote-failed': {
    happened: 'The server of {model} failed or sent an answer that could not be read.',
    next: 'Ask again, or look at the log of the server.',
  },
  'remote-silent': {
    happened: 'The server of {model} stopped in the middle of its answer.',
    next: 'Ask again. The other members went on.',
  },
  'context-exceeded': {
    happened: 'Question and answer together do not fit into this member’s context.',
    next: 'Shorten the question.',
  },
  'slots-exhausted': { happened: 'This member is already answering.', next: 'Wait until it has finished.' },
  'worker-lost': {
    happened: 'The worker of {member} stopped.',
    next: 'It is being restarted; the others went on.',
  },
  'worker-silent': {
    happened: 'The worker of {member} did not respond.',
    next: 'It is being restarted; the others went on.',
  },
  'deadline-exceeded': {
    happened: 'The time limit of {limitMs} ms was reached.',
    next: 'Retry, or allow more time.',
  },
  cancelled: { happened: 'Stopped.', next: 'Ask again when you like.' },
  'storage-unavailable': {
    happened: 'This browser window keeps no data (a private window, perhaps).',
    next: 'Everything works, but the history ends with this tab.',
  },
  'storage-failed': {
    happened: 'The browser could not read or write what it keeps.',
    next: 'Free some space or reload; what was kept is not lost.',
  },
  'storage-full': {
    happened: 'The browser gives Witan no more room for files.',
    next: 'Delete a model, then go on: what has been fetched is kept.',
  },
  'record-invalid': {
    happened: 'A stored record could not be read.',
    next: 'It was left untouched; the others are fine.',
  },
  'archive-invalid': {
    happened: 'This file holds no deliberations of Witan.',
    next: 'Choose a file that Witan exported. Nothing was changed.',
  },
  'archive-too-large': {
    happened: 'This file has {megabytes} MB; files of up to {limit} MB can be read.',
    next: 'Export fewer deliberations at a time. Nothing was changed.',
  },
  'archive-version-unsupported': {
    happened: 'This file was written by another version of Witan (format {version}).',
    next: 'Update this page, then import it again. Nothing was changed.',
  },
  'link-invalid': {
    happened: 'This link does not hold a benchmark result.',
    next: 'Ask for the link again; it may have been cut.',
  },
  'link-too-long': {
    happened: 'This link is longer than any result ({characters} characters).',
    next: 'Ask for the link again.',
  },
  'link-version-unsupported': {
    happened: 'This link was made by a newer Witan (version {version}).',
    next: 'Reload to update, then open it again.',
  },
  'link-checksum-mismatch': {
    happened: 'This link is damaged: its checksum does not match.',
    next: 'Ask for the link again; it may have been cut.',
  },
  'benchmark-void': {
    happened: 'The benchmark was disturbed: {reason}.',
    next: 'Run it again with this tab in front.',
  },
  'question-set-invalid': {
    happened: 'The question set could not be read.',
    next: 'Reload the page; in a file of your own, mend the lines that are named.',
  },
  'unsupported-browser': {
    happened: 'This browser lacks {missing}.',
    next: 'Use a current Chrome, Edge or Firefox.',
  },
  usage: { happened: '{problem}', next: 'See the README for the verbs and options.' },
  internal: { happened: 'Something in Witan went wrong.', next: 'Reload the page; stored records are kept.' },
};

/** Narrows a stored or foreign text to a code that this version knows. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(MESSAGES, text);
}

function fill(text: string, details: WitanFailure['details']): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(details[name] ?? whole));
}

/** One line: what happened. */
export function whatHappened(problem: WitanFailure): string {
  return fill(MESSAGES[problem.code].happened, problem.details);
}

/** One line: the one thing to do next. */
export function whatNext(problem: WitanFailure): string {
  return fill(MESSAGES[problem.code].next, problem.details);
}
