import { PresetProblem } from '../given.ts'
import { hostPortText, type Assembly, type Branch } from './branch.ts'
import { brokerOf, saslOf, tlsOf } from './credentials.ts'
import type { Ingest } from './flp-file.ts'

/** The group that Weir joins if the file names none; flowlogs-pipeline uses its host name. */
const defaultGroup = 'flowlogs-pipeline'

export function ingestOf(name: string, ingest: Ingest, path: string, assembly: Assembly): Branch {
  const id = assembly.id(name)
  switch (ingest.type) {
    case 'grpc':
      grpc(id, ingest, path, assembly)
      break
    case 'kafka':
      kafka(id, ingest, path, assembly)
      break
    case 'ipfix':
    case 'collector':
      ipfix(id, ingest, path, assembly)
      break
    case 'file':
    case 'file_loop':
    case 'file_chunks':
      lines(id, ingest, path, assembly)
      break
    case 'stdin':
      assembly.sources[id] = { type: 'file', path: '-', codec: 'netobserv-json' }
      break
    case undefined:
      throw new PresetProblem(`${path}.type: the type of the ingest stage is missing`)
    case 'synthetic':
      // Without a source the rest of the configuration has no meaning.
      throw new PresetProblem(
        `${path}.type: Weir has no source for \`synthetic\`; supported: grpc, kafka, ipfix, file, file_loop, ` +
          'file_chunks and stdin (`repeat` of a file generates load)',
      )
  }
  return { from: [id], filters: [], flagNames: false }
}

function grpc(id: string, { grpc: settings = {} }: Ingest, path: string, { sources, report }: Assembly) {
  const { port = 0, certPath = '', keyPath = '', clientCAPath = '' } = settings
  if (port === 0) throw new PresetProblem(`${path}.grpc.port: the port is missing`)
  report.noteAll(`${path}.grpc`, settings, {
    bufferLength: 'without effect; flows wait in the journal, and agents wait while it is full',
  })
  sources[id] = {
    type: 'netobserv',
    listen: `0.0.0.0:${port}`,
    ...(certPath === ''
      ? {}
      : {
          tls: {
            cert_file: certPath,
            key_file: keyPath,
            ...(clientCAPath === '' ? {} : { client_ca_file: clientCAPath }),
          },
        }),
  }
}

function kafka(id: string, { kafka: settings = {} }: Ingest, path: string, assembly: Assembly) {
  const { brokers = [], topic = '', groupid = '', startOffset = 'FirstOffset', decoder, tls, sasl } = settings
  const at = `${path}.kafka`
  if (brokers.length === 0 || topic === '') throw new PresetProblem(`${at}: brokers and topic are required`)
  if (groupid === '')
    assembly.report.note(
      `${at}.groupid`,
      `not set, the group is \`${defaultGroup}\`; flowlogs-pipeline joins a group named after its host`,
    )
  assembly.report.noteAll(at, settings, {
    groupBalancers: 'without effect; the group balances partitions evenly',
    batchReadTimeout: 'without effect; messages are journaled as they arrive',
    batchMaxLen: 'without effect; batches are limited by bytes',
    pullQueueCapacity: 'without effect; memory is limited by bytes (WEIR_SOURCES_…_BUFFER)',
    pullMaxBytes: 'without effect; memory is limited by bytes (WEIR_SOURCES_…_BUFFER)',
    commitInterval: 'without effect; offsets are committed after the journal is synced',
  })
  assembly.sources[id] = {
    type: 'kafka',
    brokers: brokers.map(brokerOf),
    topics: [topic],
    group: groupid === '' ? defaultGroup : groupid,
    offset: /^LastOffset$/i.test(startOffset) ? 'newest' : 'oldest',
    codec: decoder?.type === 'protobuf' ? 'pbflow' : 'netobserv-json',
    ...tlsOf(tls),
    ...saslOf(sasl, `${at}.sasl`, assembly),
  }
}

/** Interval at which flowlogs-pipeline repeats a file. */
const repeatAfter = '10s'

function lines(id: string, ingest: Ingest, path: string, { sources, report }: Assembly) {
  const { filename = '', decoder, loop, chunks } = ingest.file ?? {}
  const at = `${path}.file`
  if (filename === '') throw new PresetProblem(`${at}.filename: the name of the file is missing`)
  if (decoder?.type === 'protobuf')
    throw new PresetProblem(`${at}.decoder: lines are JSON; files of protobuf messages cannot be read`)
  report.noteAll(at, { loop, chunks }, { loop: 'without effect; use file_loop', chunks: 'without effect' })
  if (ingest.type === 'file_chunks')
    report.note(`${path}.type`, '`file_chunks` reads as `file`; batches are limited by bytes')
  sources[id] = {
    type: 'file',
    path: filename,
    codec: 'netobserv-json',
    ...(ingest.type === 'file_loop' ? { repeat: repeatAfter } : {}),
  }
}

function ipfix(id: string, ingest: Ingest, path: string, { sources, report }: Assembly) {
  const kind = ingest.type === 'collector' ? 'collector' : 'ipfix'
  const settings = ingest[kind] ?? {}
  const { hostName = '', port = 0, portLegacy = 0, mapping = [] } = settings
  const host = hostName === '' ? '0.0.0.0' : hostName
  const ports = [port === 0 && portLegacy === 0 ? 2055 : port, portLegacy].filter((number) => number !== 0)
  report.noteAll(`${path}.${kind}`, settings, {
    workers: 'without effect; one thread decodes',
    sockets: 'without effect; one socket for each port, with a large receive buffer',
  })
  const elements = mapping.flatMap(({ field = 0, pen = 0, destination = '', endianness = '' }, index) => {
    const at = `${path}.${kind}.mapping[${index}]`
    if (/^little/i.test(endianness)) {
      report.refuse(at, 'elements are read in network byte order')
      return []
    }
    return [{ pen, element: field, name: destination, type: /Bytes/.test(destination) ? 'hex' : 'unsigned' }]
  })
  sources[id] = {
    type: 'netflow',
    listen: [...new Set(ports)].map((number) => hostPortText(host, number)),
    tcp: 'off',
    elements: 'none',
    ...(elements.length === 0 ? {} : { element_names: elements }),
  }
}
