/** Outlines in a square of 24, drawn with the text's colour. */
export const icons = {
  back: 'M15 5l-7 7 7 7',
  close: 'M6 6l12 12M18 6L6 18',
  more: 'M5 11a1 1 0 1 0 0 2 1 1 0 1 0 0-2zM12 11a1 1 0 1 0 0 2 1 1 0 1 0 0-2zM19 11a1 1 0 1 0 0 2 1 1 0 1 0 0-2z',
  plus: 'M12 5v14M5 12h14',
  send: 'M4 12l16-7-6 15-3-6z',
  smile: 'M12 3a9 9 0 100 18 9 9 0 000-18M8.5 14.5c1 1.3 2.1 2 3.5 2s2.5-.7 3.5-2M9 9.5h.01M15 9.5h.01',
  image: 'M4 5h16v14H4zM4 16l4.5-4.5 3.5 3.5 3-3 5 5M15.5 9h.01',
  camera: 'M4 8h4l1.5-2.5h5L16 8h4v11H4zM12 10.5a3 3 0 100 6 3 3 0 000-6',
  file: 'M7 3h7l4 4v14H7zM14 3v4h4M10 12h5M10 16h5',
  down: 'M12 5v13M6 12.5l6 6 6-6',
  bell: 'M6 17V11a6 6 0 0112 0v6l1.5 1.5h-15zM10 21h4',
  star: 'M12 3.5l2.600 5.400 5.900.8-4.300 4.100 1 5.900-5.200-2.800-5.200 2.800 1-5.900L3.5 9.700l5.900-.8z',
  wifi: 'M3 9.5a13 13 0 0118 0M6.5 13a8 8 0 0111 0M12 18h.01M9.5 16a4 4 0 015 0M4 4l16 16',
  check: 'M5 12.5l5 5 9-11',
  retry: 'M19 12a7 7 0 11-2-4.900M19 4v4h-4',
  clock: 'M12 3a9 9 0 100 18 9 9 0 000-18M12 7v5l3 2',
  fail: 'M12 3a9 9 0 100 18 9 9 0 000-18M12 7.5v5M12 16h.01',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  quote: 'M5 7h5v5c0 3-1.5 4.5-4 5M14 7h5v5c0 3-1.5 4.5-4 5',
  undo: 'M9 6L4 11l5 5M4 11h10a6 6 0 010 12h-1',
  save: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  zoomIn: 'M11 4a7 7 0 100 14 7 7 0 000-14M20 20l-4-4M11 8v6M8 11h6',
  zoomOut: 'M11 4a7 7 0 100 14 7 7 0 000-14M20 20l-4-4M8 11h6',
  history: 'M4 12a8 8 0 102.5-5.800L4 8.5M4 4v4.5h4.5M12 8v4.5l3 2',
} as const

/** The name of an outline. */
export type IconName = keyof typeof icons
