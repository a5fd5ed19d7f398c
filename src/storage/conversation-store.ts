import { ConversationSchema, type Conversation } from '#contracts/conversation';
import type { WitanDatabase } from './database.ts';
import { RecordStore } from './record-store.ts';

/** Conversations, the one that was changed last first. */
export class ConversationStore extends RecordStore<Conversation> {
  constructor(database: WitanDatabase | null) {
    super(
      {
        store: 'conversations',
        schema: ConversationSchema,
        index: 'updatedAt',
        timeOf: ({ updatedAt }) => updatedAt,
      },
      database,
    );
  }
}
