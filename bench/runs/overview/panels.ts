/** A request of a panel without its time range. */
export type Panel = Readonly<{ what: string; path: string; parameters: Readonly<Record<string, string>> }>

/** As on Overview, with the newest flows below. */
export const overviewPanels: readonly Panel[] = [
  { what: 'series by source', path: 'series', parameters: { group: 'src_addr', limit: '8' } },
  { what: 'top sources', path: 'flows', parameters: { group: 'src_addr', limit: '10' } },
  { what: 'top pairs', path: 'flows', parameters: { group: 'src_addr,dst_addr', limit: '10' } },
  { what: 'service ports', path: 'flows', parameters: { group: 'service_port', limit: '10' } },
  { what: 'protocols', path: 'flows', parameters: { group: 'proto', limit: '10' } },
  { what: 'topology', path: 'topology', parameters: { scope: 'addr', limit: '500' } },
  { what: 'newest flows', path: 'flows', parameters: { limit: '100' } },
]
