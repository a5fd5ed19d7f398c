import { CatalogueSource } from './catalogue-source.ts';
import { FurtherMembers } from './further-members.ts';
import type { LazySettingsPorts } from './lazy-settings.ts';
import { SettingsService } from './settings-service.ts';

export interface FurtherServices {
  readonly settings: SettingsService;
  readonly members: FurtherMembers;
}

/** Builds what only users of other models than the bundled ones need. */
export async function furtherServices(
  ports: LazySettingsPorts,
  onChange: () => void,
): Promise<FurtherServices> {
  const { clock, supervisor, device, baseUrl, reappoint } = ports;
  const store = await ports.store;
  const catalogue = new CatalogueSource(baseUrl);
  return {
    settings: new SettingsService({ store, catalogue, device, reappoint, onChange }),
    members: new FurtherMembers({
      clock,
      supervisor,
      device,
      catalogue,
      builtInAllowed: async () => {
        const settings = await store.read();
        return settings.ok && settings.value.builtInAllowed;
      },
    }),
  };
}
