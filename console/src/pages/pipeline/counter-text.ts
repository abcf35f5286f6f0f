import { pipelineText } from '../../text/pipeline.ts'
const meanings: Readonly<Record<string, string>> = {
  skewed: pipelineText.clockSkew,
  malformed: pipelineText.invalidDatagrams,
  malformedSets: pipelineText.undecodableParts,
  optionRecords: pipelineText.optionsRecords,
  reservedSets: pipelineText.unknownParts,
  parkedSets: pipelineText.heldData,
  expiredSets: pipelineText.droppedData,
  refusedTemplates: pipelineText.excessTemplates,
  missing: pipelineText.sequenceGaps,
  missingDatagrams: pipelineText.missingDatagrams,
  missingSamples: pipelineText.missingSamples,
  late: pipelineText.receivedLate,
  lateSamples: pipelineText.receivedLate,
  restarts: pipelineText.sequenceRestarts,
  counterSamples: pipelineText.counterSamples,
  unknownSamples: pipelineText.unknownSamples,
}

export function meaningOf(name: string, value: unknown): string | undefined {
  return value === 0 ? undefined : meanings[name]
}
