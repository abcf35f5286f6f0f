import { element } from './dom.js'
import { count, protocol, tcpFlags, time } from './format.js'

/**
 * @typedef {(name: string) => any} Row reads a cell of the row by its column's name
 * @typedef {{ title: string, hint?: string, className?: string, cell(row: Row): Node | string, off?: boolean }} Column
 *   off: shown on the page of its own only, where there is room
 */

/** A name when there is one, with the address in grey; else the address. @param {Row} row @param {'src' | 'dst'} end */
function endpoint(row, end) {
  const address = row(`${end}_addr`) ?? '–'
  const name = row(`${end}_name`)
  if (name === null || name === undefined) return element('span', { class: 'mono' }, address)
  return element('span', {}, name, element('span', { class: 'dim mono beside' }, address))
}

/** @param {string} text */
const mono = (text) => element('span', { class: 'mono' }, text)

/** @type {Column[]} */
export const flowColumns = [
  { title: 'Ended', hint: 'By the exporter’s clock', cell: (row) => mono(time(row('time_end') ?? row('time_received'))) },
  { title: 'Source', cell: (row) => endpoint(row, 'src') },
  { title: 'Port', className: 'number narrow-off', cell: (row) => mono(row('src_port') === null ? '–' : String(row('src_port'))) },
  { title: 'Destination', cell: (row) => endpoint(row, 'dst') },
  { title: 'Port', className: 'number', cell: (row) => mono(row('dst_port') === null ? '–' : String(row('dst_port'))) },
  { title: 'Protocol', className: 'narrow-off', cell: (row) => protocol(row('proto')) },
  { title: 'Bytes', className: 'number', cell: (row) => count(row('bytes')) },
  { title: 'Packets', className: 'number narrow-off', cell: (row) => count(row('packets')) },
  { title: 'Sampling', className: 'number', off: true, cell: (row) => (row('sampling') === null ? '–' : row('sampling') === 1 ? 'none' : `1 : ${count(row('sampling'))}`) },
  { title: 'Flags', className: 'narrow-off', cell: (row) => element('span', { class: 'mono' + ((row('tcp_flags') & 4) !== 0 ? ' bad' : '') }, tcpFlags(row('tcp_flags'))) },
  { title: 'In', hint: 'Input interface', className: 'number', off: true, cell: (row) => count(row('in_if')) },
  { title: 'Out', hint: 'Output interface', className: 'number', off: true, cell: (row) => count(row('out_if')) },
  { title: 'Exporter', className: 'narrow-off', off: true, cell: (row) => element('span', { class: 'mono dim' }, row('exporter_addr') ?? '–') },
]

export const flowFields = [
  'time_end', 'time_received', 'src_addr', 'src_name', 'src_port', 'dst_addr', 'dst_name', 'dst_port', 'proto', 'bytes', 'packets', 'sampling', 'tcp_flags', 'in_if', 'out_if', 'exporter_addr', '_pos',
]

/** @type {Column[]} */
export const eventColumns = [
  { title: 'Time', hint: 'By the producer’s clock; else when Weir received it', cell: (row) => mono(time(row('time') ?? row('time_received'))) },
  { title: 'Type', className: 'wide', cell: (row) => row('type') ?? '–' },
  { title: 'Source', className: 'wide narrow-off', cell: (row) => row('source') ?? '–' },
  { title: 'Subject', className: 'wide', cell: (row) => row('subject') ?? '–' },
  { title: 'Family', className: 'narrow-off', off: true, cell: (row) => row('family') ?? '–' },
  { title: 'Id', className: 'wide narrow-off', off: true, cell: (row) => mono(row('id') ?? '–') },
  { title: 'Data', className: 'fill narrow-off', cell: (row) => element('span', { class: 'mono dim' }, preview(row('data'))) },
]

export const eventFields = ['time', 'time_received', 'type', 'source', 'subject', 'family', 'id', 'data', '_pos']

/** @param {unknown} data */
function preview(data) {
  if (data === null || data === undefined) return ''
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  return text.slice(0, 300).replace(/\s+/g, ' ')
}
