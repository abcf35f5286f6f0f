import { layout, type LayoutInput } from './layout.ts'

export interface LayoutTask {
  readonly task: number
  readonly input: LayoutInput
}

addEventListener('message', ({ data: { task, input } }: MessageEvent<LayoutTask>) => {
  postMessage({ task, placed: layout(input) })
})
