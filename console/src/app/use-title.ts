import { useEffect } from 'react'
import { appText } from '../text/app.ts'

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = appText.windowTitle(title)
  }, [title])
}
