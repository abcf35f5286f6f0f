/** What a count of an exporter means; only those that a name of two words does not tell. */
const meanings: Readonly<Record<string, string>> = {
  skewed: 'Flows whose exporter’s clock is further away than the limit.',
  malformed: 'Datagrams that are no well-formed export.',
  malformedSets: 'Parts of datagrams that could not be read, or not to their end; the rest was taken.',
  optionRecords: 'Records that tell about the exporter, such as its sampling, and not about flows.',
  reservedSets: 'Parts of datagrams whose id has no meaning.',
  parkedSets: 'Data that came before its template, and waited for it.',
  expiredSets: 'Data given up: its template did not come in time, or too much waited.',
  refusedTemplates: 'Templates beyond the number that is kept for one exporter.',
  missing: 'What its sequence numbers skipped: it was sent, and never came.',
  missingDatagrams: 'Datagrams that its sequence numbers skipped: sent, and never came.',
  missingSamples: 'Packet samples that its sequence numbers skipped: sent, and never came.',
  late: 'Counted as missing at first, and came after all.',
  lateSamples: 'Counted as missing at first, and came after all.',
  restarts: 'How often it began to count anew.',
  counterSamples: 'Samples of interface and host counters, which are no flows.',
  unknownSamples: 'Samples of kinds that are not known here.',
}

/** A sentence about a count that is not 0; nothing where its name says it, or there is nothing to explain. */
export function meaningOf(name: string, value: unknown): string | undefined {
  return value === 0 ? undefined : meanings[name]
}
