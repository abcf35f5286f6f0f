import { layout, type LayoutInput } from './layout.ts'

export type LayoutTask = Readonly<{
  task: number
  input: LayoutInput
}>

addEventListener('message', ({ data: { task, input } }: MessageEvent<LayoutTask>) => {
  postMessage({ task, placed: layout(input) })
})
