export const defaultColumns: readonly string[] = [
  'time_received',
  'src',
  'src_port',
  'dst',
  'dst_port',
  'proto',
  'bytes_est',
  'packets_est',
  'tcp_flags',
]
