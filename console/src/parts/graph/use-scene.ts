import { useEffect, useRef, useState, type RefObject } from 'react'
import { onTheme } from '../../app/theme.ts'
import type { Eye, Picture } from './paint.ts'
import { paletteOf } from './palette.ts'
import { Scene } from './scene.ts'

type Looking = Readonly<{
  fitKey: string
  eye: Eye | undefined
  onEye: (eye: Eye | undefined) => void
}>

export function useScene(
  place: RefObject<HTMLElement | null>,
  canvas: RefObject<HTMLCanvasElement | null>,
  picture: Picture,
  { fitKey, eye, onEye }: Looking,
): Scene | undefined {
  const [scene, setScene] = useState<Scene>()
  const latest = useRef(onEye)
  useEffect(() => {
    latest.current = onEye
  })
  const looked = useRef<{ fitKey: string; eye: string | undefined }>({ fitKey: '', eye: '' })
  useEffect(() => {
    const [element, box] = [canvas.current, place.current]
    if (element === null || box === null) return undefined
    const made = new Scene(
      element,
      () => paletteOf(box),
      (next) => {
        looked.current.eye = JSON.stringify(next)
        latest.current(next)
      },
    )
    let height = 0
    const follow = new ResizeObserver(() => {
      made.resize(box.clientWidth, box.clientHeight)
      // The legend gets another line. A drawer changes the width.
      if (box.clientHeight !== height && looked.current.eye === undefined) made.fit()
      height = box.clientHeight
    })
    follow.observe(box)
    // Refits after a resize of the window, not of the drawer.
    const fit = () => {
      if (looked.current.eye !== undefined) return
      made.resize(box.clientWidth, box.clientHeight)
      made.fit()
    }
    addEventListener('resize', fit)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const recolor = () => made.recolor()
    dark.addEventListener('change', recolor)
    const offTheme = onTheme(recolor)
    const wheel = (event: WheelEvent) => {
      event.preventDefault()
      made.zoomBy(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0015)), event.offsetX, event.offsetY)
    }
    element.addEventListener('wheel', wheel, { passive: false })
    setScene(made)
    return () => {
      follow.disconnect()
      removeEventListener('resize', fit)
      dark.removeEventListener('change', recolor)
      offTheme()
      element.removeEventListener('wheel', wheel)
      made.stop()
    }
  }, [canvas, place])
  useEffect(() => {
    const box = place.current
    if (scene === undefined || box === null) return
    scene.show(picture)
    const [wanted, known] = [JSON.stringify(eye), looked.current]
    if (known.fitKey === fitKey && known.eye === wanted) return
    looked.current = { fitKey, eye: wanted }
    scene.resize(box.clientWidth, box.clientHeight)
    if (eye === undefined) scene.fit()
    else scene.look(eye)
  }, [scene, picture, fitKey, eye, place])
  return scene
}
