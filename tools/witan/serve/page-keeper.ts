import { err } from '../../../src/kernel/result.ts';
import type { MemberView } from '../../../src/contracts/council.ts';
import type { Deliberation } from '../../../src/contracts/deliberation.ts';
import { failure, type Outcome } from '../../../src/contracts/errors.ts';
import type { MemberAnswer } from '../../../src/contracts/ports.ts';
import { driverFailureOf, type DriverFailure } from '../failures.ts';
import type { Backend, BackendState, CouncilQuestion, MemberQuestion, RoundNews } from './backend.ts';

/** A page of the app that can be asked. */
export interface OpenPage {
  readonly council: Omit<Backend, 'state'>;
  /** Resolves when the page crashed or its browser went; never when we closed it. */
  readonly died: Promise<void>;
  close(): Promise<void>;
}

export interface PageKeeperPorts {
  /** Opens a page and loads its council. @throws DriverFailure */
  readonly open: () => Promise<OpenPage>;
  /** Told once, when there is no hope left. */
  readonly onGivenUp: (problem: DriverFailure) => void;
  readonly log: (line: string) => void;
}

/**
 * Keeps one page of the app open. One that dies is replaced once; if the next dies too before it has answered anything,
 * or cannot be opened, that would go on for ever, and it is given up.
 */
export class PageKeeper implements Backend {
  readonly #ports: PageKeeperPorts;
  #page: OpenPage | null = null;
  #state: BackendState = 'starting';
  #closed = false;
  /** It was replaced and has not answered since. */
  #onProbation = false;

  constructor(ports: PageKeeperPorts) {
    this.#ports = ports;
  }

  get state(): BackendState {
    return this.#state;
  }

  /** Opens the first page. @throws DriverFailure */
  async start(): Promise<void> {
    await this.#open();
  }

  members(): readonly MemberView[] {
    return this.#page?.council.members() ?? [];
  }

  ask(
    signal: AbortSignal,
    question: CouncilQuestion,
    onNews: (news: RoundNews) => void,
  ): Promise<Outcome<Deliberation>> {
    return this.#with((council) => council.ask(signal, question, onNews));
  }

  generate(
    signal: AbortSignal,
    question: MemberQuestion,
    onText: (text: string) => void,
  ): Promise<Outcome<MemberAnswer>> {
    return this.#with((council) => council.generate(signal, question, onText));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#state = 'failed';
    const page = this.#page;
    this.#page = null;
    await page?.close();
  }

  async #with<T>(use: (council: OpenPage['council']) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    if (this.#page === null || this.#state !== 'ready') {
      return err(failure('council-unavailable', { cause: 'page-lost' }));
    }
    const answered = await use(this.#page.council);
    if (answered.ok) this.#onProbation = false;
    return answered;
  }

  async #open(): Promise<void> {
    const page = await this.#ports.open();
    if (this.#closed) {
      await page.close();
      return;
    }
    this.#page = page;
    this.#state = 'ready';
    void page.died.then(() => this.#replace(page));
  }

  async #replace(dead: OpenPage): Promise<void> {
    if (this.#closed || this.#page !== dead) return;
    this.#page = null;
    this.#state = 'starting';
    this.#ports.log('The page of the app died.');
    await dead.close().catch(() => undefined);
    try {
      if (this.#onProbation) throw new Error('The page died again before it had answered anything.');
      this.#onProbation = true;
      await this.#open();
      this.#ports.log('The page of the app was started again.');
    } catch (thrown) {
      this.#state = 'failed';
      this.#ports.onGivenUp(driverFailureOf(thrown));
    }
  }
}
