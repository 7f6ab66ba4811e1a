import assert from "node:assert/strict";
import { test } from "node:test";

import * as enums from "./enums.js";

test("flat enums are strings with names", () => {
  for (const colour of Object.values(enums.Colour)) {
    assert.equal(enums.echoColour(colour), colour);
  }
  assert.equal(enums.next(enums.Colour.Red), "Green");
  assert.equal(enums.next("DarkBlue"), enums.Colour.Red);
  assert.equal(enums.echoSignal("Go"), enums.Signal.Go);
});

test("rich enums are told apart by their tag", () => {
  const shapes: enums.Shape[] = [
    { tag: "Empty" },
    { tag: "Circle", radius: 2 },
    { tag: "Rectangle", width: 2, height: 3 },
    { tag: "Labelled", label: "here", colour: "DarkBlue" },
  ];
  for (const shape of shapes) {
    assert.deepEqual(enums.echoShape(shape), shape);
  }
  assert.equal(enums.area({ tag: "Rectangle", width: 2, height: 3 }), 6);
  const shape = enums.echoShape({ tag: "Circle", radius: 1 });
  // Compiles only because the tag narrows the type.
  assert.equal(shape.tag === "Circle" && shape.radius, 1);
});

test("a rich enum contains itself", () => {
  const expression: enums.Expression = {
    tag: "Sum",
    terms: [
      { tag: "Number", value: 1n },
      { tag: "Sum", terms: [{ tag: "Number", value: -3n }] },
    ],
  };
  assert.deepEqual(enums.echoExpression(expression), expression);
  assert.equal(enums.evaluate(expression), -2n);
});

test("what is no variant is refused with what there is", () => {
  assert.throws(() => enums.echoColour("Blue" as never), {
    name: "TypeError",
    message: "Colour must be one of Red, Green, DarkBlue, got Blue",
  });
  assert.throws(() => enums.echoShape({ tag: "Star" } as never), {
    name: "TypeError",
    message:
      "Shape must have a tag of Empty, Circle, Rectangle, Labelled, got Star",
  });
  assert.throws(() => enums.echoShape(null as never), { message: /got null$/ });
  assert.throws(() => enums.echoShape({ tag: "Circle" } as never), {
    message: "Shape.Circle.radius: f64 must be a number, got undefined",
  });
});
