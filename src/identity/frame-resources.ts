import { frameBatch } from '../journal/shared-frames.ts'
import type { Frame } from '../journal/types.ts'
import type { EventBatch } from '../model/batches.ts'
import { heapItem } from '../model/events.ts'
import { kubernetesTypes, type ResourceData } from '../model/kubernetes.ts'

const text = new TextDecoder()

export function resourcesOf(frame: Frame, onBroken: (error: unknown) => void): ResourceData[] {
  if (frame.header.kind !== 'events' || frame.header.count === 0) return []
  const resources: ResourceData[] = []
  try {
    const batch = frameBatch(frame) as EventBatch
    const type = batch.dictionary.indexOf(kubernetesTypes.resource)
    if (type < 0) return resources
    for (let row = 0; row < batch.count; row++) {
      if (batch.type[row] === type) resources.push(JSON.parse(text.decode(heapItem(batch.data, row))) as ResourceData)
    }
  } catch (error) {
    onBroken(error)
  }
  return resources
}
