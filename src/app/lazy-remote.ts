import { assert } from '#kernel/assert';
import type { Engine } from '#contracts/engine';
import type { Outcome, WitanFailure } from '#contracts/errors';
import type { KeyState, RemotePort } from '#contracts/ports';
import type { RemoteEndpoint, RemoteHealth, RemoteMember, RemoteModel } from '#contracts/remote';
import type { MemberSpec } from '../resources/member-spec.ts';
import type { RemoteService, RemoteServicePorts } from './remote-service.ts';

/** The port for remote members, whose code is fetched with its first use: most visits have none. */
export class LazyRemote implements RemotePort {
  readonly #load: () => Promise<RemoteService>;
  #loading: Promise<RemoteService> | null = null;
  #loaded: RemoteService | null = null;

  constructor(ports: RemoteServicePorts) {
    this.#load = async () => {
      const { RemoteService } = await import('./remote-service.ts');
      return (this.#loaded = new RemoteService(ports));
    };
  }

  async endpoints(): Promise<Outcome<readonly RemoteEndpoint[]>> {
    return (await this.#service()).endpoints();
  }

  async saveEndpoint(endpoint: RemoteEndpoint): Promise<Outcome<null>> {
    return (await this.#service()).saveEndpoint(endpoint);
  }

  async removeEndpoint(id: string): Promise<Outcome<null>> {
    return (await this.#service()).removeEndpoint(id);
  }

  async members(): Promise<Outcome<readonly RemoteMember[]>> {
    return (await this.#service()).members();
  }

  async save(member: RemoteMember): Promise<Outcome<null>> {
    return (await this.#service()).save(member);
  }

  async remove(id: string): Promise<Outcome<null>> {
    return (await this.#service()).remove(id);
  }

  async setKey(endpointId: string, key: string | null, keep: boolean): Promise<Outcome<null>> {
    return (await this.#service()).setKey(endpointId, key, keep);
  }

  async keyState(endpointId: string): Promise<KeyState> {
    return (await this.#service()).keyState(endpointId);
  }

  async unlock(passphrase: string): Promise<Outcome<null>> {
    return (await this.#service()).unlock(passphrase);
  }

  async forgetKept(): Promise<Outcome<null>> {
    return (await this.#service()).forgetKept();
  }

  async check(signal: AbortSignal, endpoint: RemoteEndpoint): Promise<Outcome<RemoteHealth>> {
    return (await this.#service()).check(signal, endpoint);
  }

  async listModels(
    signal: AbortSignal,
    endpoint: RemoteEndpoint,
  ): Promise<Outcome<readonly RemoteModel[] | null>> {
    return (await this.#service()).listModels(signal, endpoint);
  }

  async memberSpecs(): Promise<Outcome<readonly MemberSpec[]>> {
    return (await this.#service()).memberSpecs();
  }

  /** A member sits in the council by its spec, and whoever has that has used `memberSpecs` before. */
  launch(memberId: string, onLost: (reason: WitanFailure) => void): Engine {
    assert(this.#loaded !== null, 'the code for remote members is loaded before one can be launched');
    return this.#loaded.launch(memberId, onLost);
  }

  #service(): Promise<RemoteService> {
    return (this.#loading ??= this.#load());
  }
}
