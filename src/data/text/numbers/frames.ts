/**
 * The sentences of `numbers`: each frame draws numbers and words and says them in both languages. German puts verbs
 * where English does not (gestern habe ich ... gekauft; dass er ... hat; kommt um ... an), and so the order of words
 * has to be learned as well.
 */
import type { Frame } from './draws.ts';
import { NUMBER_FRAMES } from './number-frames.ts';
import { THING_FRAMES } from './thing-frames.ts';
import { TIME_FRAMES } from './time-frames.ts';

export const FRAMES: readonly Frame[] = [...NUMBER_FRAMES, ...TIME_FRAMES, ...THING_FRAMES];
