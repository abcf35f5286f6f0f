export const configurationErrorCodes: ReadonlySet<string> = new Set([
  'WEIR_CONFIG_INVALID',
  'WEIR_LISTEN_EXPOSED',
  'WEIR_SECRET_MISSING',
])
