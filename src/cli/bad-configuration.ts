/** Codes of errors that the configuration is to blame for. */
export const badConfiguration: ReadonlySet<string> = new Set([
  'WEIR_CONFIG_INVALID',
  'WEIR_LISTEN_EXPOSED',
  'WEIR_SECRET_MISSING',
])
