/**
 * The error registry: code, message template, whether a retry can help, and advice. A code never changes its meaning.
 * The reference page is generated from this table.
 */
export const errorTable = {
  WEIR_CONFIG_INVALID: {
    retry: false,
    advice: 'Correct the lines above. `weir validate` checks a file without starting anything.',
  },
  WEIR_DATA_LOCKED: { retry: false, advice: 'Stop the other process, or set a separate folder with --data.' },
  WEIR_DATA_GONE: {
    retry: true,
    advice: 'Restore the folder, or choose another one, and start Weir again. Until then it accepts nothing.',
  },
  WEIR_PART_ENDED: {
    retry: true,
    advice: 'No accepted row is lost: start Weir again. If it recurs, report the reason.',
  },
  WEIR_DATA_FENCED: {
    retry: true,
    advice:
      'Nothing is lost: clients resend rows that were not acknowledged. Find the other process, and do not ' +
      'touch `lock` and `lock.sqlite` in the folder.',
  },
  WEIR_DATA_NO_LOCKS: {
    retry: false,
    advice:
      'Put the data folder on a file system that locks files: a local disk, or NFS 4. `weir doctor` names ' +
      'the current one.',
  },
  WEIR_DATA_NEWER: { retry: false, advice: 'Run the version that wrote it, or a later one. Nothing was changed.' },
  WEIR_DATA_UNUSABLE: {
    retry: false,
    advice: 'Check that the folder exists, belongs to you and is writable; `weir doctor` shows more.',
  },
  WEIR_JOURNAL_FULL: {
    retry: true,
    advice: 'A sink lags or the disk is full; `weir ledger` lists the pending rows of each sink.',
  },
  WEIR_JOURNAL_SYNC: {
    retry: true,
    advice: 'The disk refused a sync; rows without an acknowledgement were not accepted.',
  },
  WEIR_NO_COLLECTOR: { retry: false, advice: 'Send to an instance with the role `collector`.' },
  WEIR_LISTEN_IN_USE: {
    retry: false,
    advice: 'Another process listens on this address. Choose another address or `off`.',
  },
  WEIR_LISTEN_FAILED: {
    retry: false,
    advice: 'Check that the address belongs to this machine. Ports below 1024 need a privilege.',
  },
  WEIR_LISTEN_EXPOSED: { retry: false, advice: 'Configure `auth`, or listen on 127.0.0.1.' },
  WEIR_SECRET_MISSING: {
    retry: false,
    advice: 'Set the variable or create the file that the secret refers to, or change the reference.',
  },
  WEIR_SQL_REFUSED: {
    retry: false,
    advice: 'Correct the statement. `weir help sql` lists the views, and `DESCRIBE flows` the columns of one.',
  },
  WEIR_SQL_MEMORY: {
    retry: false,
    advice: 'Read fewer columns or a shorter time range, or aggregate in the statement. `sql.memory` sets the limit.',
  },
  WEIR_QUERY_MEMORY: {
    retry: false,
    advice:
      'Choose a shorter time range, a filter, or fewer groups. `store.memory` sets the limit of all queries ' +
      'together, and `store.clickhouse.query_memory` that of one query of ClickHouse.',
  },
  WEIR_QUERY_TIMEOUT: {
    retry: false,
    advice: 'Choose a shorter time range, a filter, or fewer groups. `store.query_timeout` sets the limit.',
  },
  WEIR_SQL_TIMEOUT: {
    retry: false,
    advice: 'Read fewer columns or a shorter time range, or aggregate in the statement. `sql.timeout` sets the limit.',
  },
  WEIR_SQL_PROCESS: {
    retry: true,
    advice: "Try again. If it fails again, the server's log has the last lines of the process.",
  },
  WEIR_STORE_REOPENING: {
    retry: true,
    advice: "Repeat the query. If it fails again, the server's log has the reason.",
  },
  WEIR_STORE_UNREACHABLE: {
    retry: true,
    advice: 'Check ClickHouse and the settings of `store.clickhouse`. Rows wait in the journal; nothing is lost.',
  },
  WEIR_SINK_UNREACHABLE: {
    retry: true,
    advice: 'Delivery to the sink is retried; nothing is lost while the journal has the rows.',
  },
  WEIR_SINK_UNKNOWN: { retry: false, advice: '`weir ledger` lists the sinks.' },
  WEIR_SINK_CONFIGURED: { retry: false, advice: 'Remove it from the configuration first, then reload.' },
  WEIR_SOURCE_UNKNOWN: { retry: false, advice: '`weir ledger` lists the sources.' },
  WEIR_DEAD_LETTER_EDIT: {
    retry: false,
    advice: 'Start from the body of `GET /api/v1/dead-letters/{id}` and change the part that the sink rejected.',
  },
  WEIR_KUBERNETES_LOGIN: {
    retry: false,
    advice: 'Run `kubectl get --raw /version` with the same file and user.',
  },
  WEIR_SOURCE_FAILED: {
    retry: false,
    advice: 'Correct the settings of this source. `weir validate` checks them without starting anything.',
  },
  WEIR_HTTP_UNANSWERED: {
    retry: true,
    advice:
      'Check the address, the proxy variables and the network; the request is repeated where its caller repeats it.',
  },
  WEIR_HTTP_TOO_LARGE: { retry: false, advice: 'Request less at once, or check that the URL is the one you mean.' },
  WEIR_HTTP_REDIRECTED: { retry: false, advice: 'Configure the final address.' },
  WEIR_HTTP_ENCODING: {
    retry: true,
    advice: 'Check the server and the proxies before it: one of them truncates or mislabels its responses.',
  },
  WEIR_MEMORY_BUSY: {
    retry: true,
    advice: 'Send it again. If it is refused often, send smaller requests, or raise `decoding.memory`.',
  },
  WEIR_MEMORY_TOO_LARGE: { retry: false, advice: 'Send smaller requests, or raise `decoding.memory`.' },
  WEIR_EVENT_TOO_LARGE: { retry: false, advice: 'An event is limited to 16 MiB.' },
} as const satisfies Record<string, { retry: boolean; advice: string }>

export type ErrorCode = keyof typeof errorTable

/** Errors of the system and of libraries have codes too. */
export function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(errorTable, code)
}

export class WeirError extends Error {
  readonly code: ErrorCode
  readonly #advice: string | undefined
  /** `advice` replaces that of the table. */
  constructor(code: ErrorCode, message: string, options: { cause?: unknown; advice?: string } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.name = 'WeirError'
    this.code = code
    this.#advice = options.advice
  }
  get retry(): boolean {
    return errorTable[this.code].retry
  }
  get advice(): string {
    if (this.#advice !== undefined) return this.#advice
    // A message without lines of a file has nothing above it.
    const isLocated = this.code !== 'WEIR_CONFIG_INVALID' || this.message.includes(': error: ')
    return isLocated ? errorTable[this.code].advice : '`weir validate` checks a file without starting anything.'
  }
}

export function hasCode(thrown: unknown, code: ErrorCode): boolean {
  return thrown instanceof WeirError && thrown.code === code
}

export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

export function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
}
