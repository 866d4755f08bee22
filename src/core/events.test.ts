import { expect, test } from 'vitest';
import { EventBus, type RunEvent } from './events.ts';

const note = (text: string): RunEvent => ({ type: 'note', text });

test('every listener gets every event in order until it unsubscribes', () => {
  const bus = new EventBus();
  const heard: string[] = [];
  const stop = bus.subscribe((event) => heard.push(`a ${event.type}`));
  bus.subscribe((event) => heard.push(`b ${event.type}`));
  bus.emit(note('one'));
  stop();
  stop();
  bus.emit(note('two'));
  expect(heard).toEqual(['a note', 'b note', 'b note']);
});

test('a listener may unsubscribe while it is called; one that throws is not passed over', () => {
  const bus = new EventBus();
  const heard: string[] = [];
  const stop = bus.subscribe(() => stop());
  bus.subscribe(() => heard.push('second'));
  bus.emit(note('x'));
  expect(heard).toEqual(['second']);
  bus.subscribe(() => {
    throw new Error('disk full');
  });
  expect(() => bus.emit(note('y'))).toThrow('disk full');
});
