/** One launch of the installed app, as the browser hands it over. */
export interface Launch {
  /** Handles of the files that the system asked the app to open. */
  readonly files?: readonly { readonly name: string; getFile(): Promise<File> }[];
  /** Address that was to be opened; null or absent for some. */
  readonly targetURL?: string | null;
}

/** `window.launchQueue` (Web App Launch Handler API): it keeps launches until there is a consumer. */
export interface LaunchQueue {
  setConsumer(consumer: (launch: Launch) => void): void;
}

declare global {
  interface Window {
    /** Absent where the browser installs no apps. */
    readonly launchQueue?: LaunchQueue;
  }
}
