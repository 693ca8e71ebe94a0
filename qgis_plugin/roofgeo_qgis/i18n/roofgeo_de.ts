<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
  <context>
    <name>roofgeo</name>
    <message>
      <source>roofgeo is not installed yet. Open Settings &gt; Options &gt; roofgeo and press Install.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Model (name or folder; empty: the usual one)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Side of a window in pixels (a multiple of 32; empty: as the model says)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Overlap of windows in pixels (a multiple of 32; empty: as the model says)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Write the layers also as</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Find roofs</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Roof segments, roof lines and buildings from an orthophoto</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Finds the roofs on an orthophoto of 0.05 to 0.3 m per pixel: each roof segment with its azimuth and area, each ridge, hip, valley, eave and rake with its length, each building.

Without an area the whole layer is taken. Of a web layer (XYZ, WMS) the area is saved as a picture first: its provider's terms apply.

Buildings that touch the area come whole, unless they are to be cut. All is written into one GeoPackage, with its styles.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>roof</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>solar</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>building</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>azimuth</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>ridge</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>orthophoto</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Orthophoto</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Area: polygons</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>… or rectangle</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Minimum confidence of a building (0 to 1)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Cut buildings at the edge of the area</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Roofs (GeoPackage)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Raster of roof segments</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Raster of roof lines</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Raster of confidence</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Number of roof segments</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Number of roof lines</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Number of buildings</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Give either a raster layer or a folder of tiles.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Give either area polygons or a rectangle, not both.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The run was not prepared.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>… or folder of tiles</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Writing the layers</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Finding roofs</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{segments} roof segments, {lines} roof lines, {buildings} buildings</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Roofs of {name}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{folder} cannot be written: {reason}. Choose another place for the output.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The area has no coordinate reference system. Set the CRS of its layer, or of the project.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The rectangle is empty. Draw it on the map, or take the current view.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The area layer {name} has no polygons. Is a feature selected?</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The area cannot be written: {message}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Current view of the map</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Rectangle on the map</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Polygons of a layer</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Whole picture</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>There is no polygon layer in the project. Choose another area.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Draw a rectangle on the map first.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>only the selected ({number})</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>No feature of {layer} is selected.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Something unexpected went wrong.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>QGIS's Python messages tell more.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The log has all it said.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>roofgeo ended without a result</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The log tells what it said instead. Is this the roofgeo command?</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>a few seconds left</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>about {hours} h {minutes} min left</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>about {hours} h left</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Most often the memory was used up: close other programs, or take a smaller area.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>roofgeo failed without saying why</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>roofgeo failed with exit code {code}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>roofgeo was ended by {signal}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>about {seconds} s left</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>about {minutes} min left</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Layer {name} is being edited: QGIS filters it again when its edits are saved or dropped.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The filter of layer {name} is a whole query, to which nothing can be added.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Layer {name} does not take the change.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Layer {name} cannot be written: save a copy of it where you may write, and review that.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The decision could not be written, nothing has changed: {reason}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>unknown reason</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Close what has the file open, or choose another output.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{path} cannot be written: {reason}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Asking roofgeo for its models</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Looking at the picture and the area</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Save the roofs as</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>a temporary file</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Area</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Minimum confidence</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Save as</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Buildings less certain than this are left out. They can also be hidden later.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Cancelled.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Choose an orthophoto: add one to the project, or press … beside the list.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Cancelling</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Starting</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{file} exists already. Replace it?</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Install a newer roofgeo, or choose another command in the settings.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Choose another command in the settings.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Start it once in a terminal, or choose another command in the settings.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{command} answers, but is too old: {version}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{command} answers, but is not roofgeo</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{command} did not answer within {seconds} s</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The layer's picture of the area cannot be saved as a file.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{layer} covers the world. Choose an area: the current view, a rectangle or polygons.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The area lies outside {layer}.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>A picture that is not in the project</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Choose an orthophoto</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Pictures</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>All files</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Choose a folder of tiles</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>File…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Folder of tiles…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Install</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>roofgeo goes into a folder of its own; QGIS stays as it is. It takes a few minutes, the internet, and a Python of 3.11 or newer on this computer.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Choose the package to install</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>the package index; or a file, or an address</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>the usual one; or an address</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Install from</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Package index</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Cancel</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Log</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Installing roofgeo</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Upgrade</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Installing …</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Cancelled. Everything is as it was before.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Packages</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Give the path of a wheel, an address, a requirement such as roofgeo==0.2, or nothing.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Give an address such as https://example.org/simple, or nothing for the usual index.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Looking for Python</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Is roofgeo running? Close QGIS, then remove the folder.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The log has all it said. On Debian and Ubuntu: sudo apt install python3-venv</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>what was installed has no roofgeo command</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Is this the right package? Look at what to install from in the settings.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Making an environment</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Starting roofgeo</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>cannot install from {source}: no such file, and neither an address nor a requirement</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{index} is no package index</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Is the disk full, or is roofgeo being installed by another QGIS?</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Is the disk full?</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>roofgeo {version} is installed</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{folder} could not be removed</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{python} could not make an environment: {reason}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{folder} cannot be made: {reason}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{file} cannot be written: {reason}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>No segment is accepted yet: there is nothing to export.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The labels cannot replace the result they come from: choose another name.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Layer {name} has edits that are not saved: save them first.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Settings…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>roofgeo is not installed yet. It takes one button and a few minutes.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Install…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>There is no roofgeo at {path}.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Version {version}, made for {size} m per pixel, licence {licence}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>as the model says</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>More</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>the usual one</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>A name from the list, or the path of a folder with a model of your own</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The network sees the picture in squares of this side</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>So much of a square is seen by its neighbour too</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Rasters of segments, lines and confidence</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Model</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Tile</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Write also</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Overlap</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>No roofs were found. Is the picture an orthophoto of 0.05 to 0.3 m per pixel?</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{segments} roof segments, {lines} roof lines, {buildings} buildings.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Review…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>at the path below</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>where this page installs it</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>among the programs of this computer</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>in the virtual environment QGIS was started from</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Choose the roofgeo command</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>found by itself</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Test</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Status</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Path of the command</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Diagnose</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Something does not work? This makes a report and copies it, for you to send.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>roofgeo was found {where}: {command}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Asking …</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Testing roofgeo</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Making a report of roofgeo</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Report (it is in the clipboard: paste it where you report the problem)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Models</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Runs on</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>There is no program at this path. Empty the field to have roofgeo looked for.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>roofgeo is not installed yet: press Install below.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>roofgeo {version} works.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>in {place}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Roofs</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Export labels</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>GeoPackage (*.gpkg)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Export labels…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Save the accepted segments as training labels</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Shows segments with at least this confidence, and their lines and buildings</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>No roof segments in the project</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>End the review</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Review the least certain</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{segments} segments are in {path}; {buildings} buildings are known as a whole.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Result</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Confidence from</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{percent} %</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{shown} of {total} segments</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The log has all that pip said.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Is this computer online, and the proxy set? The log has all that pip said.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Give another index, a wheel file or an address in the settings.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Install Python 3.12 and try again.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>git is needed to install from this address</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Install git and try again.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>pip could not install {package}: {reason}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Fetching {package}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Installing {count} packages</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>the package index cannot be reached: {reason}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{index} does not have {package}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>there is no {package} for this Python on this system</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>the package index</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Find roofs…</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Find roofs on an orthophoto</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Review roofs</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Help</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{own} m per pixel (works at {working} m)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>It needs about {size} of memory, and {free} are free: the computer may become very slow.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>It needs about {size} on the disk, and {free} are free: it may not come to its end.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{hours} h {minutes} min</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{number} GB</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>1 tile</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{width} × {height} km</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{seconds} s</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{minutes} min</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{hours} h</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{number} MB</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>1 band</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>CRS without a number</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{width} × {height} pixels</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{width} × {height} m</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Go on?</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{number} tiles</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>about {duration}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{size} of memory</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{size} of disk ({free} free)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>This takes about {duration}.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{size} m per pixel</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{bands} bands</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The file may be missing, no program, or its Python may be gone: install roofgeo again.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{command} cannot be started: {reason}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Install one and its venv module (on Debian and Ubuntu: sudo apt install python3 python3-venv).</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Install Python 3.12 (64-bit) from python.org, not from the Microsoft Store, and try again.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Install Python 3.12 from python.org, or with: brew install python@3.12</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>no Python of {oldest} or newer was found</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{python} cannot make environments: ensurepip is missing</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Install {package} (on Debian and Ubuntu: sudo apt install {package}) and try again.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{python} is no Python that can be started</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{python} belongs to QGIS</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Draw on the map</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>nothing drawn yet</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The orthophoto cannot be read. Does the file still exist?</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Saving the layer's picture of the area</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The area cannot be read. Does the file still exist?</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Roof segments (raster)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Roof lines (raster)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Confidence (raster)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Roof lines</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Roof segments</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Buildings</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Accept roof segment</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Reject roof segment</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Change azimuth of roof segment</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Undo review of roof segment</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Review</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Direction the segment slopes down to, clockwise from true north</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>flat</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Set on map</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Drag or click twice on the map: from ridge to eave</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Accept (A)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The segment is right, with the azimuth as it is here</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Reject (R)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The segment is wrong</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Back (⌫)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>To the segment before</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Skip (N)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Decide later, go on to the next (also the space bar)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Undo (U)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Take back the last decision</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Confidence</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Orientation</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Azimuth</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Planning to find roofs</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The algorithm is missing from the Processing toolbox: restart QGIS.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Finding roofs failed without a word.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>accepted</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>rejected</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Segment {segment} of building {building}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{area} m²</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>not decided</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{accepted} accepted, {rejected} rejected</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>no segment is shown</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{number} of {total}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>all {total} are decided</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Log of roofgeo</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Copy</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{path} cannot be read: {reason}</source>
      <translation type="unfinished" />
    </message>
  </context>
</TS>
