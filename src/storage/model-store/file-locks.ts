/** Gives a lock back; more than once does no harm. */
export type Release = () => void;

/**
 * Who may do what with a file's bytes, over all tabs. None of these waits: null says that somebody else is in the way.
 * A writer and readers get along (readers look only at chunks that are kept, a writer writes only those that are not);
 * taking the bytes away needs the file alone.
 */
export interface FileLocks {
  tryWriter(fileId: string): Promise<Release | null>;
  tryReader(fileId: string): Promise<Release | null>;
  tryAlone(fileId: string): Promise<Release | null>;
  /**
   * Ids of the files that anybody reads or writes just now. Takes nothing, so it is in nobody's way. Null where the browser
   * does not say.
   */
  held(): Promise<ReadonlySet<string> | null>;
}
