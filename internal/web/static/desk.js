// One button to choose all acts of the list, or none. Without this script each
// is chosen by its own box.
(function () {
  'use strict';
  var button = document.querySelector('.pick-all');
  if (!button) return;
  var boxes = Array.from(document.querySelectorAll('input[name=acts]'));
  button.hidden = false;
  button.addEventListener('click', function () {
    var all = boxes.every(function (b) { return b.checked; });
    boxes.forEach(function (b) { b.checked = !all; });
  });
})();
