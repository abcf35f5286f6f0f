/** Checks the running Weir for received data that was not stored, by source and reason. */
import type { Ledger } from '../../engine/control.ts'
import { reason, warn, type CheckContext, type Finding } from './finding.ts'
import { getRunning } from './running.ts'

export async function checkShed({ running }: CheckContext): Promise<Finding[]> {
  if (running === undefined || running.url === '') return []
  try {
    const answer = await getRunning(running, '/api/v1/ledger')
    // The check of the exporters already reports a missing token.
    if (!answer.ok) return []
    return ((await answer.json()) as Ledger).sources.flatMap(shedFindings)
  } catch (error) {
    return [warn('ledger', `the running Weir did not respond: ${reason(error)}`, 'Check its log.')]
  }
}

const document = 'The log names each document with its error.'
const advices: Readonly<Record<string, string>> = {
  native_histogram:
    'Let the sender scrape classic histograms, too (`always_scrape_classic_histograms`), and set ' +
    '`send_native_histograms: false`.',
  exemplar: 'Set `send_exemplars: false` in the sender; its samples are stored.',
  kernel_dropped: 'Enlarge the socket buffer, as `kernel buffers` above describes.',
  not_allowed: 'Add the sender to `allow`, or stop it.',
  unread_flows: 'Exporter or network cuts NetFlow v5 datagrams: check the MTU and relays.',
  no_image: `Name the image in the document, or in the name of its file. ${document}`,
  other_image: `It names another image than its place. ${document}`,
  unknown_format: `Export CycloneDX, SPDX, or the JSON of a known scanner. ${document}`,
  malformed: 'The log names the sender or the document, with the error.',
}

export function shedFindings({ name, shed }: Pick<Ledger['sources'][number], 'name' | 'shed'>): Finding[] {
  return Object.entries(shed)
    .filter(([, count]) => count > 0)
    .map(([why, count]) =>
      warn(
        `source ${name}`,
        `${count} not stored: ${why.replaceAll('_', ' ')}`,
        advices[why] ?? 'The log names the sender and the reason.',
      ),
    )
}
