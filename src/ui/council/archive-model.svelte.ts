import type { ImportReport } from '#contracts/archive';
import { failure, failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
import type { ConversationPort } from '#contracts/conversation-port';
import type { WitanPorts } from '#contracts/ports';

/** The whole history as a file, out and in. */
export class ArchiveModel {
  busy = $state<'export' | 'import' | null>(null);
  /** Of the last import. */
  report = $state.raw<ImportReport | null>(null);
  problem = $state.raw<WitanFailure | null>(null);

  readonly #ports: Pick<WitanPorts, 'conversations'>;
  readonly #save: (file: Blob) => void;

  /** @param save hands the file to the browser */
  constructor(ports: Pick<WitanPorts, 'conversations'>, save: (file: Blob) => void) {
    this.#ports = ports;
    this.#save = save;
  }

  exportAll(): Promise<void> {
    return this.#do('export', async (port, signal) => {
      const file = await port.exportJson(signal);
      if (file.ok) this.#save(file.value);
      return file;
    });
  }

  importFile(file: Blob): Promise<void> {
    return this.#do('import', async (port, signal) => {
      const report = await port.importJson(signal, file);
      if (report.ok) this.report = report.value;
      return report;
    });
  }

  async #do(
    what: 'export' | 'import',
    act: (port: ConversationPort, signal: AbortSignal) => Promise<Outcome<unknown>>,
  ): Promise<void> {
    if (this.busy !== null) return;
    this.busy = what;
    this.report = null;
    this.problem = null;
    try {
      const done = await act(await this.#ports.conversations(), new AbortController().signal);
      if (!done.ok) this.problem = done.error;
    } catch (thrown) {
      this.problem = failure('storage-unavailable', { reason: 'code-not-fetched' }, failureOf(thrown));
    }
    this.busy = null;
  }
}
